using ControlPlane.Replica;
using ControlPlane.Replica.Offline;
using ControlPlane.Tests.Replica.Hosts;

namespace ControlPlane.Tests.Replica.Offline;

/// <summary>Snapshots outside their members: saved, read, restored, damaged; and the way back from a lost quorum.</summary>
public sealed class OfflineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("offline-").FullName;

    private string SavedPath => Path.Combine(_folder, "saved.snap");

    [Fact]
    public async Task A_saved_snapshot_says_what_is_in_it_and_becomes_a_new_cluster_anywhere()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        for (var i = 0; i < 50; i++) await group.PutCommittedAsync(leader, $"/registry/batch/jobs/default/j{i}", new string('v', 1000));
        await SaveAsync(group[(leader + 1) % 3]);
        var report = SnapshotFile.Inspect(SavedPath);
        Assert.Equal((50, 50), (report.Revision, report.KeyCount));
        Assert.Equal(["s0", "s1", "s2"], report.Members.Select(member => member.Name).Order());
        Assert.Equal([new PrefixCount("/registry/batch/jobs/", 50, 50_000)], report.Prefixes);
        Assert.Equal(group[leader].Latest.StateHash, report.StateHash);

        var plan = RestorePlan.Of(SavedPath, "r0", [new PeerAddress("r0", "127.0.0.1:7")], "");
        Assert.NotEqual(report.ClusterId, plan.ClusterId);
        Assert.Equal(plan.ClusterId, RestorePlan.Of(SavedPath, "r0", [new PeerAddress("r0", "127.0.0.1:8")], "").ClusterId);
        Assert.NotEqual(plan.ClusterId, RestorePlan.Of(SavedPath, "r0", [new PeerAddress("r0", "127.0.0.1:7")], "another").ClusterId);
        var data = Path.Combine(_folder, "restored");
        plan.CarryOut(data);
        Assert.Throws<UnusableDataDirectoryException>(() => plan.CarryOut(data));
        await using var restored = await ReplicaHost.OpenAsync(new ReplicaOptions { Name = "r0", DataDirectory = data }, CancellationToken.None);
        Assert.Equal(report.StateHash, restored.Latest.StateHash);
        Assert.Equal(plan.ClusterId, restored.State.Cluster);
    }

    [Fact]
    public async Task A_snapshot_with_any_byte_changed_or_cut_off_is_refused()
    {
        await using var group = await HostGroup.StartAsync(1);
        await group.PutCommittedAsync(0, "a", "1");
        await SaveAsync(group[0]);
        var good = await File.ReadAllBytesAsync(SavedPath);
        for (var at = 0; at < good.Length; at++)
        {
            var bad = good.ToArray();
            bad[at] ^= 0x10;
            await File.WriteAllBytesAsync(SavedPath, bad);
            Assert.Contains("is not a whole snapshot", Assert.Throws<InvalidDataException>(() => SnapshotFile.Inspect(SavedPath)).Message);
            await File.WriteAllBytesAsync(SavedPath, good[..at]);
            Assert.Throws<InvalidDataException>(() => SnapshotFile.Inspect(SavedPath));
        }
    }

    [Fact]
    public async Task A_survivor_alone_becomes_a_new_cluster_that_the_lost_members_are_no_part_of()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        await group.PutCommittedAsync(leader, "a", "1");
        var survivor = (leader + 1) % 3;
        await group.PutCommittedAsync(survivor, "b", "1");
        var before = group[survivor].State.Cluster;
        for (var index = 0; index < 3; index++) await group.StopAsync(index);
        Assert.Throws<UnusableDataDirectoryException>(() => ForcedCluster.Make(group.DataDirectory(survivor), "other", null, DateTimeOffset.UnixEpoch));
        var made = ForcedCluster.Make(group.DataDirectory(survivor), $"s{survivor}", null, DateTimeOffset.UnixEpoch);
        Assert.Equal((2, 2), (made.Revision, made.Others.Count));
        Assert.True(Directory.Exists(made.KeptDirectory));
        await group.StartAsync(survivor);
        Assert.True(group[survivor].Leadership is { IsLeader: true, IsReady: true });
        Assert.NotEqual(before, group[survivor].State.Cluster);
        await group.PutCommittedAsync(survivor, "c", "1");
        // An old member still calls; it is told that it belongs elsewhere.
        await group.StartAsync(leader);
        await group.UntilAsync("the old member to be refused", () => group.Notices.Any(line => line.StartsWith($"s{leader}:") && line.Contains($"this member belongs to cluster {made.ClusterId}")));
        Assert.Single(group[survivor].Members);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task SaveAsync(ReplicaHost host)
    {
        await using var file = File.Create(SavedPath);
        await host.WriteSnapshotAsync(file, CancellationToken.None);
    }
}
