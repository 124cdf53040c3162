using System.Text.Json.Nodes;
using ControlPlane.Agent.Probes;
using static ControlPlane.Tests.Agent.TestAgent;

namespace ControlPlane.Tests.Agent.Probes;

public sealed class ProbeTests
{
    // | results | successes needed | failures needed | verdicts: + well, - unwell, . open |
    [Theory]
    [InlineData("++", 1, 3, "++")]
    [InlineData("---", 1, 3, "..-")]
    [InlineData("--+--", 1, 3, "..+..")]
    [InlineData("+-++", 2, 1, ".-.+")]
    public void A_verdict_needs_so_many_results_in_a_row(string results, int successes, int failures, string verdicts)
    {
        var counter = new ProbeCounter(new() { SuccessThreshold = successes, FailureThreshold = failures });
        Assert.Equal(verdicts, string.Concat(results.Select(result => counter.Count(result == '+') switch { true => '+', false => '-', null => '.' })));
    }

    [Fact]
    public async Task A_container_is_ready_when_its_command_says_so_and_restarted_when_it_is_not_alive()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        var (up, ready, dead) = (Path.Combine(agent.Data, "up"), Path.Combine(agent.Data, "ready"), Path.Combine(agent.Data, "dead"));
        agent.Api.AddPod("a", Sh($"rm -f {dead}; touch {up}; exec sleep 1000", restartPolicy: "Always", container: main =>
        {
            main["readinessProbe"] = Command($"test -e {ready} && test -e {up}", failureThreshold: 1);
            main["livenessProbe"] = Command($"! test -e {dead}", failureThreshold: 1);
        }));
        var status = await agent.UntilAsync("a", "Running");
        Assert.Equal("False", Condition(status, "Ready"));
        // Ready only once the program has cleared its mark: else it could clear the one that is set below.
        File.WriteAllText(ready, "");
        await agent.UntilAsync("a", status => Condition(status, "Ready") == "True", "ready");
        File.WriteAllText(dead, "");
        // At least once: on a busy machine the new run is probed before it has taken the mark away, and is restarted as well.
        var restarted = await agent.UntilAsync("a", status => (int)status["containerStatuses"]![0]!["restartCount"]! >= 1 && status["containerStatuses"]![0]!["lastState"]?["terminated"] is not null, "restarted");
        Assert.Equal(143, (int)restarted["containerStatuses"]![0]!["lastState"]!["terminated"]!["exitCode"]!);
        Assert.Contains(agent.Api.Writes, write => write.StartsWith("create events/a.", StringComparison.Ordinal));
    }

    private static JsonObject Command(string script, int failureThreshold) => new()
    {
        ["exec"] = new JsonObject { ["command"] = new JsonArray("sh", "-c", script) },
        ["periodSeconds"] = 1,
        ["failureThreshold"] = failureThreshold,
    };
}
