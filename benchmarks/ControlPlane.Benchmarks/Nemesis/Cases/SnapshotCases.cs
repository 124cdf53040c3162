namespace ControlPlane.Benchmarks.Nemesis.Cases;

/// <summary>Snapshots on their way: cut, slow, and counted by nobody before they are whole.</summary>
internal static class SnapshotCases
{
    public static IEnumerable<Case> All =>
    [
        new("snapshot-in-flight", "five members, two of them silent, a third is being sent a snapshot: nothing is acknowledged that only two have", 5, false, InFlightAsync),
        new("snapshot-cut", "a snapshot whose stream breaks again and again arrives in the end, whole", 3, false, CutAsync),
        new("snapshot-slow", "a snapshot that takes longer than every time-out arrives, and the member goes on", 3, false, SlowAsync),
    ];

    private static async Task InFlightAsync(Stage stage)
    {
        var leader = await stage.LeaderAsync();
        var followers = stage.Followers(leader);
        var (late, near, silent) = (followers[0], followers[1], followers.Skip(2).ToArray());
        await LeaveBehindAsync(stage, late, keyCount: 6000);
        stage.Note($"{string.Join(' ', silent.Select(Stage.NameOf))} fall silent; {Stage.NameOf(late)} is sent a snapshot over a slow link");
        stage.Links.Across(silent, link => link.Silence());
        stage.Links.Around(late, link => link.Heal());
        stage.Links.Around(late, link => link.Slow(TimeSpan.FromMilliseconds(5), 1_000_000));
        stage.Links.Across(silent, link => link.Silence());
        await Stage.WorkAsync(4);
        await stage.KillAsync(leader, near);
        stage.Members.Network.Heal();
        await stage.LeaderAsync(otherThan: leader);
        await stage.Run.StopWorkAsync();
        await stage.Run.ReadAtAsync([late, .. silent]);
        stage.Start(leader, near);
    }

    private static async Task CutAsync(Stage stage)
    {
        var late = stage.Followers(await stage.LeaderAsync())[0];
        await LeaveBehindAsync(stage, late, keyCount: 6000);
        stage.Links.Around(late, link => link.Heal());
        stage.Links.Around(late, link => link.Slow(TimeSpan.FromMilliseconds(5), 2_000_000));
        for (var round = 0; round < 6; round++)
        {
            await Stage.WorkAsync(1);
            stage.Note($"connections of {Stage.NameOf(late)} are reset");
            foreach (var other in stage.Followers(late)) stage.Members.Network.Reset(late, other);
        }

        stage.Note($"{Stage.NameOf(late)} is killed in the middle of it");
        await stage.KillAsync(late);
        stage.Start(late);
        await Stage.WorkAsync(1);
    }

    private static async Task SlowAsync(Stage stage)
    {
        var late = stage.Followers(await stage.LeaderAsync())[0];
        await LeaveBehindAsync(stage, late, keyCount: 6000);
        stage.Links.Around(late, link => link.Heal());
        stage.Links.Around(late, link => link.Slow(TimeSpan.FromMilliseconds(20), 300_000));
        stage.Note("6 MB at 300 kB/s: about 20 s, twice the longest time-out");
        await Stage.WorkAsync(30);
        stage.Members.Network.Heal();
    }

    private static async Task LeaveBehindAsync(Stage stage, int late, int keyCount)
    {
        stage.Note($"{Stage.NameOf(late)} is cut off, and the others throw away the log it would need");
        stage.Links.Around(late, link => link.Cut());
        foreach (var other in stage.Followers(late)) stage.Members.Network.Reset(late, other);
        await stage.FillAsync(keyCount);
    }
}
