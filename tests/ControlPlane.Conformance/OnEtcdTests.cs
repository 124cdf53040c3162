using ControlPlane.Harness;

namespace ControlPlane.Conformance;

/// <summary>Two real servers that keep everything on an existing etcd. All other conversations run so with <c>CONTROLPLANE_TEST_STORE=etcd</c>.</summary>
public sealed class OnEtcdTests
{
    [Fact]
    public async Task Jobs_run_on_an_existing_etcd_through_its_restart_and_the_death_of_the_leading_server()
    {
        if (EtcdServer.Binary is null) Assert.Skip("etcd is not on the PATH");
        using var scratch = new Scratch();
        await using var group = await ServerGroup.StartAsync(scratch, 2, onEtcd: true);
        var leader = await group.LeaderAsync(TimeSpan.FromSeconds(30));
        var survivor = 1 - leader;
        var kubectl = await Kubectl.FindAsync("1.32", group.KubeConfig(survivor), scratch);
        group.StartAgent(leader, "--simulated-nodes", "2", "--simulated-run-seconds", "1");
        await group.Agent!.WaitForLineAsync("Ready: ", TimeSpan.FromSeconds(30));
        await using var watch = kubectl.Start("get", "jobs", "-w", "-o", "name");

        await kubectl.OkWithInputAsync(Job("first"), "apply", "-f", "-");
        await kubectl.OkAsync("wait", "--for=condition=complete", "job/first", "--timeout=60s");

        await group.Etcd!.KillAsync();
        await group.Etcd.StartAsync();
        await Eventually.BecomesAsync(() => kubectl.RunAsync(["apply", "-f", "-"], Job("second")), applied => applied.ExitCode == 0, TimeSpan.FromSeconds(30));

        await group.KillAsync(leader);
        await kubectl.OkWithInputAsync(Job("third"), "apply", "-f", "-");
        await kubectl.OkAsync("wait", "--for=condition=complete", "job/second", "job/third", "--timeout=60s");

        Assert.Equal(survivor, await group.LeaderAsync(TimeSpan.FromSeconds(30)));
        await watch.WaitForLineAsync("job.batch/third", TimeSpan.FromSeconds(30)); // One watch through all of it.
    }

    private static string Job(string name) =>
        $"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: i, command: [\"true\"]}}]}}}}}}\n";
}
