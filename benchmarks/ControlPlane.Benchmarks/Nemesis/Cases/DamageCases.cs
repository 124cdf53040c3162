namespace ControlPlane.Benchmarks.Nemesis.Cases;

/// <summary>Files of one stopped member are damaged. It may come back as it was, or refuse with a message; it may not come back with less and say nothing.</summary>
internal static class DamageCases
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    public static IEnumerable<Case> All =>
    [
        new("file-truncated", "each file of a member's data loses its last half: the member comes back whole or refuses", 3, false, stage => DamageEachAsync(stage, "truncated to half", Halve)),
        new("file-flipped", "in each file one bit is flipped: the member comes back whole or refuses", 3, false, stage => DamageEachAsync(stage, "one bit flipped", Flip)),
        new("file-deleted", "each file is deleted: the member comes back whole or refuses", 3, false, stage => DamageEachAsync(stage, "deleted", File.Delete)),
    ];

    private static async Task DamageEachAsync(Stage stage, string damage, Action<string> inflict)
    {
        await stage.FillAsync(3000);
        await Stage.WorkAsync(2);
        var victim = stage.Followers(await stage.LeaderAsync())[0];
        await stage.KillAsync(victim);
        var folder = stage.Members.Layout.FolderOf(victim);
        var kept = stage.Members.Layout.Scratch["kept"];
        CopyFolder(folder, kept);
        foreach (var file in Directory.EnumerateFiles(kept, "*", SearchOption.AllDirectories).Where(IsData).Order(StringComparer.Ordinal).ToList())
        {
            Directory.Delete(folder, recursive: true);
            CopyFolder(kept, folder);
            var name = Path.GetRelativePath(kept, file);
            inflict(Path.Combine(folder, name));
            stage.Members.Start(victim);
            stage.Note($"{name} {damage}: {await OutcomeAsync(stage, victim)}");
            await stage.KillAsync(victim);
        }

        Directory.Delete(folder, recursive: true);
        CopyFolder(kept, folder);
        stage.Start(victim);
    }

    // What it serves then is compared with everybody else's history by the readers at that member, who are part of the verdict.
    private static async Task<string> OutcomeAsync(Stage stage, int victim)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (clock.Elapsed < StartPatience)
        {
            if (stage.Members.EndOf(victim) is { } end) return $"refuses, {end}";
            var answer = await stage.Run.Group.Clients[victim].ReadAsync("f/000000", TimeSpan.FromSeconds(1));
            if (answer.Outcome is ControlPlane.Harness.Histories.Outcome.Found { Value: { } value }) return value.Trim('x').Length == 0 ? "serves again" : "SERVES A WRONG VALUE";
            if (answer.Outcome is ControlPlane.Harness.Histories.Outcome.Found) return "SERVES WITHOUT WHAT WAS ACKNOWLEDGED";
            await Task.Delay(100);
        }

        return $"runs and does not serve; it says\n{stage.Members.LastLines(victim)}";
    }

    private static bool IsData(string path) => !path.Contains("/pki/") && !Path.GetFileName(path).StartsWith("lock") && new FileInfo(path).Length > 0;

    private static void Halve(string path)
    {
        var size = WrittenSize(path);
        using var file = new FileStream(path, FileMode.Open);
        file.SetLength(size / 2);
    }

    private static void Flip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[WrittenSize(path) / 2] ^= 0x10;
        File.WriteAllBytes(path, bytes);
    }

    // What is reserved and still zero does not count.
    private static int WrittenSize(string path) => Array.FindLastIndex(File.ReadAllBytes(path), value => value != 0) + 1;

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(folder.Replace(from, to));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)) File.Copy(file, file.Replace(from, to));
    }
}
