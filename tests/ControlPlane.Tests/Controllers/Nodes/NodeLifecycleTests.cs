using System.Text.Json.Nodes;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Controllers;
using ControlPlane.Controllers.Nodes;
using ControlPlane.Controllers.Runtime;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Controllers.Nodes;

public sealed class NodeLifecycleTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _time = new(Start);
    private readonly InMemoryApi _api;
    private readonly Dictionary<string, DateTimeOffset> _heard = [];
    private readonly NodeOptions _options = new() { EvictionsPerSecond = 1 };

    public NodeLifecycleTests() => _api = new(_time);

    [Fact]
    public async Task A_silent_node_becomes_unknown_and_unreachable_after_its_grace()
    {
        AddNodes(2);
        var plan = await SweepAfter(39, silent: 1);
        Assert.Empty(plan.Steps);
        Assert.Equal(TimeSpan.FromSeconds(1), plan.ReconcileAfter);

        await SweepAfter(1, silent: 1);
        var node = NodeAt(0);
        Assert.Equal(("Unknown", "NodeStatusUnknown"), (node.Status.Conditions.Find("Ready")!.Status, node.Status.Conditions.Find("Ready")!.Reason));
        Assert.Equal(["unreachable:NoSchedule", "unreachable:NoExecute"], TaintsOf(node));
        Assert.Empty(TaintsOf(NodeAt(1)));
    }

    [Fact]
    public async Task A_node_that_is_back_loses_its_taints()
    {
        AddNodes(2);
        await SweepAfter(40, silent: 1);
        SetReady("n0", "True");
        await SweepAfter(1, silent: 0);
        Assert.Empty(TaintsOf(NodeAt(0)));
    }

    [Fact]
    public async Task A_node_that_says_it_is_not_ready_is_tainted_so()
    {
        AddNodes(2);
        SetReady("n1", "False");
        await SweepAfter(1, silent: 0);
        Assert.Equal(["not-ready:NoSchedule", "not-ready:NoExecute"], TaintsOf(NodeAt(1)));
    }

    [Fact]
    public async Task When_every_node_is_silent_it_is_we_who_are_cut_off_and_nothing_is_given_up()
    {
        AddNodes(3);
        AddPod("p", "n0", tolerationSeconds: 0);
        await SweepAfter(40, silent: 3);
        await SweepAfter(1000, silent: 3);
        Assert.All(_api.All<Node>(), node => Assert.Equal(["unreachable:NoSchedule"], TaintsOf(node)));
        Assert.False(_api.All<Pod>()[0].Metadata.IsBeingDeleted);
    }

    [Fact]
    public async Task A_small_pool_of_which_most_is_silent_gives_up_none()
    {
        AddNodes(5);
        await SweepAfter(40, silent: 3);
        Assert.DoesNotContain(_api.All<Node>(), node => TaintsOf(node).Contains("unreachable:NoExecute"));
    }

    [Fact]
    public async Task Nodes_are_given_up_at_the_rate_and_the_rate_holds_across_leaders()
    {
        AddNodes(6);
        await SweepAfter(40, silent: 3);
        Assert.Equal(1, GivenUpCount());
        // Nothing but the nodes themselves remembers: a second look at the same moment is a new leader's.
        await SweepAfter(0, silent: 3);
        Assert.Equal(1, GivenUpCount());
        await SweepAfter(1, silent: 3);
        Assert.Equal(2, GivenUpCount());
    }

    [Fact]
    public async Task Pods_leave_a_lost_node_when_their_toleration_ends()
    {
        AddNodes(3);
        AddPod("patient", "n0", tolerationSeconds: null);
        AddPod("short", "n0", tolerationSeconds: 10);
        AddPod("silent", "n0");
        await SweepAfter(40, silent: 1);
        var plan = await SweepAfter(1, silent: 1);
        Assert.Equal(TimeSpan.FromSeconds(9), plan.ReconcileAfter);
        await SweepAfter(9, silent: 1);
        var evicted = Assert.Single(_api.All<Pod>(), pod => pod.Metadata.IsBeingDeleted);
        Assert.Equal("short", evicted.Metadata.Name);
        Assert.Equal("DeletionByTaintManager", evicted.Status.Conditions.Find("DisruptionTarget")!.Reason);
        Assert.False(_api.Find<Pod>("ns", "patient")!.IsReady);

        // A pod that came without the usual toleration has the usual time.
        await SweepAfter(290, silent: 1);
        Assert.Equal(["short", "silent"], _api.All<Pod>().Where(pod => pod.Metadata.IsBeingDeleted).Select(pod => pod.Metadata.Name));
    }

    [Fact]
    public async Task Pressure_and_cordon_become_taints_and_others_taints_stay()
    {
        AddNodes(1);
        _api.Patch(new(Node.Resource, null, "n0"), Parse("""{"spec":{"unschedulable":true,"taints":[{"key":"mine","effect":"NoSchedule"}]},"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"DiskPressure","status":"True"}]}}"""));
        await SweepAfter(1, silent: 0);
        Assert.Equal(["mine:NoSchedule", "disk-pressure:NoSchedule", "unschedulable:NoSchedule"], TaintsOf(NodeAt(0)));
    }

    private async Task<Plan> SweepAfter(int seconds, int silent)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        foreach (var node in _api.All<Node>().Skip(silent)) _heard[node.Metadata.Name] = _time.GetUtcNow();
        var plan = NodeLifecycle.Sweep(new ApiWorld(_api, _time.GetUtcNow()), _options, name => _heard.TryGetValue(name, out var time) ? time : null);
        var outcomes = await new PlanExecutor(_api, new(_api, _time, _ => { }), "node-controller").CarryOutByObjectAsync(plan, CancellationToken.None);
        Assert.All(outcomes, outcome => Assert.IsType<PlanOutcome.Carried>(outcome));
        return plan;
    }

    private void AddNodes(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _api.Create(Node.Resource, Parse($$$"""{"metadata":{"name":"n{{{i}}}"},"status":{"conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"2026-01-01T00:00:00Z"}]}}"""));
            _heard[$"n{i}"] = Start;
        }
    }

    private void AddPod(string name, string node, int? tolerationSeconds)
    {
        var seconds = tolerationSeconds is { } number ? $",\"tolerationSeconds\":{number}" : "";
        AddPod(name, node, $$""","tolerations":[{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute"{{seconds}}}]""");
    }

    private void AddPod(string name, string node, string more = "") => _api.Create(Pod.Resource, Parse(
        $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"nodeName":"{{{node}}}","containers":[{"name":"c"}]{{{more}}} },"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"""));

    private void SetReady(string node, string status) => _api.Patch(new ResourceKey(Node.Resource, null, node), Parse($$$"""{"status":{"conditions":[{"type":"Ready","status":"{{{status}}}"}]}}"""));

    private Node NodeAt(int index) => _api.All<Node>()[index];

    private int GivenUpCount() => _api.All<Node>().Count(NodeTaints.IsGivenUp);

    private static IEnumerable<string> TaintsOf(Node node) => node.Spec.Taints.Select(taint => $"{taint.Key.Split('/')[^1]}:{taint.Effect}");

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}
