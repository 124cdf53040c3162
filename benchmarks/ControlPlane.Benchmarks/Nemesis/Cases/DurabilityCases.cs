using ControlPlane.Benchmarks.Nemesis.Faults;

namespace ControlPlane.Benchmarks.Nemesis.Cases;

/// <summary>Acknowledged means on a majority of disks.</summary>
internal static class DurabilityCases
{
    public static IEnumerable<Case> All =>
    [
        new("follower-before-fsync", "a follower's answer counts only when its entries are on its disk: two of three killed while one disk is slow lose nothing", 3, true, FollowerBeforeFsyncAsync),
        new("all-killed", "five times every member is killed at once; what was acknowledged is there after each start", 3, false, AllKilledAsync),
        new("disk-full", "a full disk stops a member's writes, not the group, and nothing acknowledged is lost; with space it comes back", 3, true, DiskFullAsync),
        new("sync-fails", "a failed sync ends the member at once; it never acknowledges what may not be on its disk", 3, true, SyncFailsAsync),
    ];

    private static async Task FollowerBeforeFsyncAsync(Stage stage)
    {
        var leader = await stage.LeaderAsync();
        var (slow, absent) = (stage.Followers(leader)[0], stage.Followers(leader)[1]);
        await Stage.WorkAsync(2);
        await stage.KillAsync(absent);
        stage.Members.Disk(slow).SlowSyncs(TimeSpan.FromSeconds(20));
        stage.Note($"each sync of {Stage.NameOf(slow)} takes 20 s: whatever is acknowledged now is on the disk of {Stage.NameOf(leader)} alone");
        await Stage.WorkAsync(3);
        await stage.KillAsync(leader, slow);
        stage.Members.Disk(slow).Heal();
        stage.Start(slow, absent);
        await stage.LeaderAsync(otherThan: leader);
        await stage.Run.StopWorkAsync();
        await stage.Run.ReadAtAsync([slow, absent]);
        stage.Start(leader);
    }

    private static async Task AllKilledAsync(Stage stage)
    {
        for (var round = 0; round < 5; round++)
        {
            await stage.LeaderAsync();
            await Stage.WorkAsync(2);
            await stage.StrikeAsync(new Fault.Kill([.. stage.Run.Group.Members], TimeSpan.Zero));
        }
    }

    private static async Task DiskFullAsync(Stage stage)
    {
        for (var round = 0; round < 3; round++)
        {
            var leader = await stage.LeaderAsync();
            await Stage.WorkAsync(2);
            await stage.StrikeAsync(new Fault.FullDisk(round == 1 ? stage.Followers(leader)[0] : leader, TimeSpan.FromSeconds(4)));
        }
    }

    private static async Task SyncFailsAsync(Stage stage)
    {
        for (var round = 0; round < 3; round++)
        {
            var leader = await stage.LeaderAsync();
            await Stage.WorkAsync(2);
            await stage.StrikeAsync(new Fault.FailedSync(leader, TimeSpan.FromSeconds(2)));
        }
    }
}
