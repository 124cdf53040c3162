using ControlPlane.Benchmarks.Nemesis.Faults;

namespace ControlPlane.Benchmarks.Nemesis.Cases;

/// <summary>The moments between two leaders.</summary>
internal static class LeadershipCases
{
    public static IEnumerable<Case> All =>
    [
        new("read-after-election", "ten times the leader is killed under readers on every member: no follower answers with what the new leader has not confirmed", 3, false, ReadAfterElectionAsync),
        new("paused-leader", "a leader that was stopped for some seconds and goes on does not answer reads from before", 3, false, PausedLeaderAsync),
        new("vanished-leader", "a leader that vanishes without closing its connections is replaced as fast as one that was killed", 3, false, VanishedLeaderAsync),
        new("one-way", "a leader that is heard and hears nothing steps down, and one that hears and is not heard is replaced", 3, false, OneWayAsync),
    ];

    private static async Task ReadAfterElectionAsync(Stage stage)
    {
        for (var round = 0; round < 10; round++)
        {
            var leader = await stage.LeaderAsync();
            await Stage.WorkAsync(1);
            await stage.StrikeAsync(new Fault.Kill([leader], TimeSpan.FromSeconds(2)));
        }
    }

    private static async Task PausedLeaderAsync(Stage stage)
    {
        for (var round = 0; round < 6; round++)
        {
            var leader = await stage.LeaderAsync();
            await Stage.WorkAsync(1);
            await stage.StrikeAsync(new Fault.Pause([leader], TimeSpan.FromSeconds(round % 2 == 0 ? 0.7 : 3)));
        }
    }

    private static async Task VanishedLeaderAsync(Stage stage)
    {
        for (var round = 0; round < 5; round++)
        {
            var leader = await stage.LeaderAsync();
            await Stage.WorkAsync(2);
            await stage.StrikeAsync(new Fault.Vanish(leader, TimeSpan.FromSeconds(4)));
        }
    }

    private static async Task OneWayAsync(Stage stage)
    {
        for (var round = 0; round < 6; round++)
        {
            var leader = await stage.LeaderAsync();
            await Stage.WorkAsync(2);
            await stage.StrikeAsync(new Fault.OneWay(leader, IsMute: round % 2 == 0, TimeSpan.FromSeconds(4)));
        }
    }
}
