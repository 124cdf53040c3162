using ControlPlane.Harness;

namespace ControlPlane.Conformance;

/// <summary>docs/operating.md as an operator types it: a cluster that grows, moves, is saved, restored and shrinks; a wiped server; a lost quorum.</summary>
public sealed class OperatingTests
{
    [Fact]
    public async Task A_cluster_grows_from_one_to_three_moves_its_leader_is_saved_restored_and_shrinks()
    {
        using var scratch = new Scratch();
        await using var group = await Operator.BeginAsync(scratch, 4);
        await group.StartAsync("s1");
        Assert.Contains($"controlplane server --name s2 --data DIR --listen HOST:PORT --peer-listen {group.PeerAddress("s2")} --join {group.List("s1")}",
            await group.OkAsync("s1", "member", "add", "s2", "--peer-address", group.PeerAddress("s2")));
        Assert.Contains("s2 has not started yet", await group.RefusedAsync("s1", "member", "promote", "s2"));
        Assert.Contains("the name s2 belongs to", await group.RefusedAsync("s1", "member", "add", "s2", "--peer-address", "127.0.0.1:1"));
        Assert.Contains("'nowhere' is not host:port", await group.RefusedAsync("s1", "member", "add", "s9", "--peer-address", "nowhere"));
        await group.StartAsync("s2", "--join", group.List("s1"));
        Assert.Contains("member s2 votes", await group.OkAsync("s1", "member", "promote", "s2", "--wait", "30"));
        await group.OkAsync("s2", "member", "add", "s3", "--peer-address", group.PeerAddress("s3"));
        await group.StartAsync("s3", "--join", group.List("s1", "s2"));
        await group.OkAsync("s3", "member", "promote", "s3", "--wait", "30");
        Assert.Equal(3, (await group.RolesAsync("s3")).Count);

        Assert.Contains("s3 leads", await group.OkAsync("s1", "move-leader", "s3"));
        Assert.Equal("leader", (await group.RolesAsync("s2"))["s3"]);
        Assert.Contains("there is no member s9", await group.RefusedAsync("s1", "move-leader", "s9"));

        Assert.Contains("checksums verified", await group.OkAsync("s2", "snapshot", "save", scratch["backup.snap"]));
        var inspected = await group.RunAsync("snapshot", "inspect", scratch["backup.snap"]);
        Assert.Equal(0, inspected.ExitCode);
        Assert.Contains("/registry/core/namespaces/", inspected.Output);
        var restore = new[] { "snapshot", "restore", scratch["backup.snap"], "--data", group.Data("s4"), "--name", "s4", "--initial-cluster", group.List("s4") };
        Assert.Contains("nothing was written", (await group.RunAsync([.. restore, "--dry-run"])).Output);
        Assert.False(Directory.Exists(Path.Combine(group.Data("s4"), "store")));
        Assert.Equal(0, (await group.RunAsync(restore)).ExitCode);
        Assert.Contains("is not empty", (await group.RunAsync(restore)).Error);
        Assert.Equal(2, (await group.RunAsync([.. restore[..^1], group.List("s3")])).ExitCode);
        await group.StartAsync("s4");
        Assert.Equal(["s4"], (await group.RolesAsync("s4")).Keys);
        Assert.Contains("kube-system", await group.OkAsync("s4", "get", "namespaces"));

        await group.OkAsync("s2", "member", "remove", "s1");
        Assert.Equal(1, await group.ExitAsync("s1"));
        Assert.Contains("was removed from the group", group.Server("s1").Output);
        Assert.Equal(2, (await group.RolesAsync("s3")).Count);
    }

    [Fact]
    public async Task A_wiped_server_is_refused_until_it_is_added_anew_and_a_lost_quorum_has_a_loud_way_back()
    {
        using var scratch = new Scratch();
        await using var group = await Operator.BeginAsync(scratch, 4);
        var list = group.List("s1", "s2", "s3");
        foreach (var name in new[] { "s1", "s2", "s3" }) group.Start(name, "--initial-cluster", list);
        foreach (var name in new[] { "s1", "s2", "s3" }) await group.Server(name).WaitForLineAsync("Ready: ", TimeSpan.FromSeconds(120));
        await Eventually.BecomesAsync(() => group.OkAsync("s1", "member", "list"), text => !text.Contains("not started"), TimeSpan.FromSeconds(30));
        await group.StopAsync("s2");
        Directory.Delete(Path.Combine(group.Data("s2"), "store"), recursive: true);
        group.Start("s2", "--initial-cluster", list);
        Assert.Equal(1, await group.ExitAsync("s2"));
        Assert.Contains("the data of member s2 is gone", group.Server("s2").Output);
        Assert.Contains("the data of member s2 is gone", group.Server("s1").Output + group.Server("s3").Output);
        Directory.Delete(Path.Combine(group.Data("s2"), "store"), recursive: true);
        await group.OkAsync("s1", "member", "remove", "s2");
        await group.OkAsync("s1", "member", "add", "s2", "--peer-address", group.PeerAddress("s2"));
        await group.StartAsync("s2", "--join", group.List("s1", "s3"));
        await group.OkAsync("s1", "member", "promote", "s2", "--wait", "30");

        await group.OkAsync("s1", "move-leader", "s3");
        await group.StopAsync("s1");
        await group.StopAsync("s2");
        await group.StopAsync("s3");
        var force = new[] { "member", "force-new-cluster", "--data", group.Data("s2"), "--name", "s2" };
        Assert.Equal(2, (await group.RunAsync(force)).ExitCode);
        var forced = await group.RunAsync([.. force, "--yes-i-accept-data-loss"]);
        Assert.True(forced.ExitCode == 0, forced.ToString());
        Assert.Contains("LOST: every write that a majority without s2 acknowledged", forced.Output);
        await group.StartAsync("s2");
        Assert.Equal(["s2"], (await group.RolesAsync("s2")).Keys);
        Assert.Contains("kube-system", await group.OkAsync("s2", "get", "namespaces"));
    }
}
