using ControlPlane.Harness;

namespace ControlPlane.Conformance;

/// <summary>Three real servers; the leader dies by <c>kill -9</c> while Jobs run.</summary>
public sealed class FailoverTests
{
    private const int JobCount = 40;

    [Fact]
    public async Task Killing_the_leader_loses_no_acknowledged_job_and_every_job_completes()
    {
        using var scratch = new Scratch();
        await using var group = await ServerGroup.StartAsync(scratch, 3);
        var leader = await group.LeaderAsync(TimeSpan.FromSeconds(30));
        // The agent is told of one server, the one that dies: it must have learnt of the others.
        group.StartAgent(leader, "--simulated-nodes", "5", "--simulated-run-seconds", "2");
        await group.Agent!.WaitForLineAsync("Ready: ", TimeSpan.FromSeconds(30));
        var survivor = (leader + 1) % 3;
        var kubectl = await Kubectl.FindAsync("1.32", group.KubeConfig(survivor), scratch);
        await using var watch = kubectl.Start("get", "jobs", "-w", "-o", "name");

        await kubectl.OkWithInputAsync(Jobs(0, JobCount / 2), "create", "-f", "-");
        await group.KillAsync(leader);
        await kubectl.OkWithInputAsync(Jobs(JobCount / 2, JobCount), "create", "-f", "-");

        var names = await kubectl.OkAsync("get", "jobs", "-o", "name");
        Assert.Equal(JobCount, names.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await kubectl.OkAsync("wait", "--for=condition=complete", "jobs", "--all", "--timeout=90s");
        await watch.WaitForLineAsync($"job.batch/j{JobCount - 1}", TimeSpan.FromSeconds(30)); // The watch on the survivor went on through the change of leader.

        group.Start(leader);
        await group.Server(leader).WaitForLineAsync("Ready: ", TimeSpan.FromSeconds(30));
        var returned = await Kubectl.FindAsync("1.32", group.KubeConfig(leader), scratch);
        Assert.Equal(names, await returned.OkAsync("get", "jobs", "-o", "name"));
    }

    private static string Jobs(int from, int to) => string.Join("---\n", Enumerable.Range(from, to - from).Select(number =>
        $"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j{number}}}\nspec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: i, command: [\"true\"]}}]}}}}}}\n"));
}
