using System.Text.Json.Nodes;
using ControlPlane.Agent;
using ControlPlane.Agent.Nodes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Tests.Agent.Simulation;

public sealed class SimulatedNodesTests
{
    private const int NodeCount = 200;
    private const int PodCount = 1000;

    [Fact]
    public async Task One_agent_plays_two_hundred_nodes_and_a_thousand_pods()
    {
        await using var agent = new TestAgent(change: Simulate);
        await agent.Host.StartAsync(default);
        await agent.Host.WhenRegistered.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(NodeCount, agent.Api.CountOf(Node.Resource));
        Assert.Equal(NodeCount, agent.Api.CountOf(Lease.Resource));
        var node = agent.Api.Find(Node.Resource, null, "sim-00007")!;
        Assert.Equal("4", (string?)node["status"]!["capacity"]!["cpu"]);
        Assert.Equal("sim-00007", (string?)node["metadata"]!["labels"]!["kubernetes.io/hostname"]);

        for (var i = 0; i < PodCount; i++)
        {
            var annotations = new JsonObject { ["controlplane.dev/run-seconds"] = "0.05", ["controlplane.dev/exit-code"] = i % 10 == 0 ? "3" : "0" };
            agent.Api.AddPod($"p{i}", Spec("Never"), node: $"sim-{i % NodeCount:d5}", annotations: annotations);
        }

        await TestAgent.UntilAsync(
            () => agent.Api.CountOf(Pod.Resource, pod => pod.As<Pod>().IsFinished) == PodCount,
            () => $"{agent.Api.CountOf(Pod.Resource, pod => pod.As<Pod>().IsFinished)} of {PodCount} ended");
        Assert.Equal(PodCount / 10, agent.Api.CountOf(Pod.Resource, pod => pod.As<Pod>().Status.Phase == "Failed"));
        Assert.Equal(3, (int)TestAgent.State((JsonObject)agent.Pod("p10")!["status"]!)["terminated"]!["exitCode"]!);
    }

    [Fact]
    public async Task A_service_runs_until_it_is_deleted_and_pods_of_strangers_are_left_alone()
    {
        await using var agent = new TestAgent(change: Simulate);
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("ours", Spec("Always"), node: "sim-00001");
        agent.Api.AddPod("theirs", Spec("Never"), node: "elsewhere");
        await agent.UntilAsync("ours", "Running");
        agent.Api.RequestDeletion("ours", 30);
        await TestAgent.UntilAsync(() => agent.Pod("ours") is null, () => agent.Dump("ours"));
        Assert.Equal("Pending", (string?)agent.Pod("theirs")!["status"]!["phase"]);
    }

    [Fact]
    public async Task A_new_agent_plays_on_from_what_the_api_shows()
    {
        var api = new FakeApi();
        var first = new TestAgent(api, change: Simulate);
        await first.Host.StartAsync(default);
        api.AddPod("a", Spec("Never"), node: "sim-00001", annotations: new() { ["controlplane.dev/run-seconds"] = "1" });
        await first.UntilAsync("a", "Running");
        await first.Host.StopAsync(killPods: false, default);
        await using var second = new TestAgent(api, first.Data, Simulate);
        await second.Host.StartAsync(default);
        var status = await second.UntilAsync("a", "Succeeded");
        Assert.Equal(0, (int)status["containerStatuses"]![0]!["restartCount"]!);
    }

    [Theory]
    [InlineData("cpu=4,memory=1Gi", "cpu=4 ephemeral-storage=1Ti memory=1Gi pods=110")]
    [InlineData("nvidia.com/gpu=8", "cpu=32 ephemeral-storage=1Ti memory=128Gi nvidia.com/gpu=8 pods=110")]
    public void Capacity_is_read_from_one_line(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', NodeCapacity.Parse(text).Resources.Select(pair => $"{pair.Key}={pair.Value}")));

    [Theory]
    [InlineData("cpu")]
    [InlineData("cpu=many")]
    public void A_capacity_that_is_none_says_what_would_be(string text) => Assert.Contains("such as", Assert.Throws<FormatException>(() => NodeCapacity.Parse(text)).Message);

    private static AgentOptions Simulate(AgentOptions options) => options with
    {
        Runtime = AgentRuntime.Simulated,
        NodeName = "sim",
        SimulatedNodes = NodeCount,
        SimulatedCapacity = NodeCapacity.Parse("cpu=4,memory=8Gi"),
    };

    private static JsonObject Spec(string restartPolicy) => new()
    {
        ["restartPolicy"] = restartPolicy,
        ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "any" }),
    };
}
