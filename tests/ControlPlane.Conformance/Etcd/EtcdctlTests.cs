namespace ControlPlane.Conformance.Etcd;

/// <summary>The stock etcdctl on three real servers: what it prints stands in <c>*.txt</c> beside this file (rewritten with <c>UPDATE_GOLDEN=1</c>);
/// what waits for something is told here. Keys live under <c>t/</c>, beside the objects of the cluster.</summary>
public sealed class EtcdctlTests(EtcdGroup group) : IClassFixture<EtcdGroup>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Theory]
    [InlineData("keys")]
    [InlineData("transactions")]
    [InlineData("leases")]
    [InlineData("group")]
    [InlineData("refusals")]
    public async Task Etcdctl_prints_what_its_transcript_says(string name)
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        var path = Path.Combine(AppContext.BaseDirectory, "Etcd", $"{name}.txt");
        var expected = await File.ReadAllTextAsync(path);
        // Each server tells the others where its face is, once there is a leader to tell it to.
        await Eventually.BecomesAsync(() => etcdctl.OkAsync("member", "list"), list => list.Split(", http://").Length == 4, Patience);
        var actual = await Transcript.ReplayAsync(expected, etcdctl);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") await File.WriteAllTextAsync(Path.Combine(SourceFolder(), $"{name}.txt"), actual);
        else Assert.Equal(expected, actual);
    }

    [Fact]
    public async Task A_watch_prints_the_past_from_its_revision_and_then_what_others_do()
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        await etcdctl.OkAsync("put", "t/watch/a", "1");
        var revision = Between(await etcdctl.OkAsync("get", "t/watch/a", "-w", "json"), "\"mod_revision\":", ",");
        await using var watch = etcdctl.Start("watch", "t/watch/", "--prefix", "--rev", revision, "--prev-kv");
        await watch.WaitForLineAsync("t/watch/a", Patience);

        await etcdctl.At(group.Servers.EtcdEndpoint(1)).OkAsync("put", "t/watch/b", "2");
        await etcdctl.At(group.Servers.EtcdEndpoint(2)).OkAsync("put", "t/watch/b", "3");
        await etcdctl.OkAsync("del", "t/watch/a");

        await watch.WaitForLineAsync("DELETE", Patience);
        await watch.WaitForLineAsync("t/watch/a", Patience);
        Assert.StartsWith("PUT\nt/watch/a\n1\nPUT\nt/watch/b\n2\nPUT\nt/watch/b\n2\nt/watch/b\n3\nDELETE\nt/watch/a\n1\n", watch.Output.Replace("PUT\n\n\n", "PUT\n"));
    }

    [Fact]
    public async Task A_lock_is_held_by_one_at_a_time_and_an_election_has_one_leader()
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        await using var first = etcdctl.Start("lock", "t/lock");
        var held = await first.WaitForLineAsync("t/lock/", Patience);
        await using var second = etcdctl.Start("lock", "t/lock");
        // The second has entered the queue and holds nothing.
        await Eventually.BecomesAsync(() => etcdctl.OkAsync("get", "t/lock", "--prefix", "--keys-only"), keys => keys.Split("t/lock/").Length == 3, Patience);
        Assert.DoesNotContain("t/lock/", second.Output);
        first.Interrupt();
        Assert.NotEqual(held, await second.WaitForLineAsync("t/lock/", Patience));
        second.Interrupt();

        await using var leader = etcdctl.Start("elect", "t/election", "one");
        await leader.WaitForLineAsync("one", Patience);
        await using var listener = etcdctl.Start("elect", "--listen", "t/election");
        await listener.WaitForLineAsync("one", Patience);
        await using var candidate = etcdctl.Start("elect", "t/election", "two");
        leader.Interrupt();
        await candidate.WaitForLineAsync("two", Patience);
        await listener.WaitForLineAsync("two", Patience);
        candidate.Interrupt();
    }

    [Fact]
    public async Task A_lease_that_is_kept_alive_lives_and_one_that_is_not_takes_its_key_along()
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        var kept = Between(await etcdctl.OkAsync("lease", "grant", "2"), "lease ", " granted");
        var left = Between(await etcdctl.OkAsync("lease", "grant", "2"), "lease ", " granted");
        await etcdctl.OkAsync("put", "t/lease/kept", "1", "--lease", kept);
        await etcdctl.OkAsync("put", "t/lease/left", "1", "--lease", left);
        await using var keeping = etcdctl.Start("lease", "keep-alive", kept);
        Assert.Contains(kept, await etcdctl.OkAsync("lease", "list"));
        Assert.Contains("attached keys([t/lease/kept])", await etcdctl.OkAsync("lease", "timetolive", kept, "--keys"));

        var keys = await Eventually.BecomesAsync(() => etcdctl.OkAsync("get", "t/lease/", "--prefix", "--keys-only"), keys => !keys.Contains("left"), Patience);

        Assert.Contains("t/lease/kept", keys);
        await etcdctl.OkAsync("lease", "revoke", kept);
        Assert.DoesNotContain("kept", await etcdctl.OkAsync("get", "t/lease/", "--prefix", "--keys-only"));
    }

    [Fact]
    public async Task A_mirror_gets_what_is_there_and_what_comes()
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        await etcdctl.OkAsync("put", "t/source/a", "1");
        await using var mirror = etcdctl.Start("make-mirror", "--prefix", "t/source/", "--dest-prefix", "t/mirror/", group.Servers.EtcdEndpoint(1));
        await Eventually.BecomesAsync(() => etcdctl.OkAsync("get", "t/mirror/", "--prefix"), got => got == "t/mirror/a\n1\n", Patience);
        await etcdctl.OkAsync("put", "t/source/b", "2");
        await Eventually.BecomesAsync(() => etcdctl.OkAsync("get", "t/mirror/", "--prefix"), got => got == "t/mirror/a\n1\nt/mirror/b\n2\n", Patience);
        await etcdctl.OkAsync("del", "t/source/a");
        await Eventually.BecomesAsync(() => etcdctl.OkAsync("get", "t/mirror/", "--prefix"), got => got == "t/mirror/b\n2\n", Patience);
    }

    [Fact]
    public async Task All_members_have_equal_hashes_at_a_revision()
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        var revision = Between(await etcdctl.OkAsync("put", "t/hash", "1", "-w", "json"), "\"revision\":", ",");
        // A read on each member first: then each has the revision.
        for (var index = 0; index < group.Servers.Count; index++) await etcdctl.At(group.Servers.EtcdEndpoint(index)).OkAsync("get", "t/hash");
        var lines = (await etcdctl.OkAsync("endpoint", "hashkv", "--rev", revision)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Single(lines.Select(line => line.Split(", ")[1]).Distinct());
    }

    [Fact]
    public async Task A_member_joins_as_a_learner_is_told_where_it_listens_and_leaves()
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        var added = await etcdctl.OkAsync("member", "add", "s9", "--peer-urls=http://127.0.0.1:1");
        var id = added.Split([' '], StringSplitOptions.RemoveEmptyEntries)[1];
        Assert.Contains("ETCD_NAME=\"s9\"", added);

        await etcdctl.OkAsync("member", "update", id, "--peer-urls=http://127.0.0.1:2");
        Assert.Contains($"{id}, unstarted, , https://127.0.0.1:2, , true", await etcdctl.OkAsync("member", "list"));
        var refused = await etcdctl.RunAsync(["member", "promote", id]);
        Assert.Contains("etcdserver: can only promote a learner member which is in sync with leader", refused.Error);

        await etcdctl.OkAsync("member", "remove", id);
        Assert.DoesNotContain(id, await etcdctl.OkAsync("member", "list"));
    }

    [Fact]
    public async Task Leadership_moves_to_the_member_that_is_named()
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        var target = await Eventually.BecomesAsync(() => FollowerAsync(etcdctl), found => found.Id.Length > 0, Patience);
        Assert.Contains("Leadership transferred", await etcdctl.OkAsync("move-leader", target.Id));
        await Eventually.BecomesAsync(() => etcdctl.At(target.Endpoint).OkAsync("endpoint", "status"), status => status.Split(", ")[4] == "true", Patience);
        await etcdctl.OkAsync("put", "t/moved", "1");
    }

    [Fact]
    public async Task A_snapshot_is_saved_in_the_form_that_etcdctl_checks()
    {
        var etcdctl = Etcdctl.Find(group.Endpoints, group.Scratch);
        await etcdctl.OkAsync("put", "t/snapshot", new string('x', 100_000));
        var file = group.Scratch["saved.snapshot"];
        Assert.Contains("Snapshot saved at", await etcdctl.At(group.Servers.EtcdEndpoint(0)).OkAsync("snapshot", "save", file));
        var bytes = await File.ReadAllBytesAsync(file);
        Assert.Equal(32, bytes.Length % 512);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32)), bytes[^32..]);
        Assert.True(bytes.Length > 100_000);
        var inspected = await ControlPlane.Harness.BinaryProcess.RunAsync(ControlPlane.Harness.BinaryProcess.BinaryPath, group.Scratch.Folder, null, ["snapshot", "inspect", file]);
        Assert.True(inspected.ExitCode == 0, inspected.ToString());
    }

    private static async Task<(string Id, string Endpoint)> FollowerAsync(Etcdctl etcdctl)
    {
        // Endpoint, id, version, size, whether it leads, whether it learns, term, index, applied, errors.
        var lines = (await etcdctl.OkAsync("endpoint", "status")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(", ")).ToList();
        if (lines.All(fields => fields[4] != "true")) return ("", "");
        var follower = lines.First(fields => fields[4] == "false");
        return (follower[1], follower[0]);
    }

    private static string Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOfAny([after[0], '}'], start)];
    }

    private static string SourceFolder([System.Runtime.CompilerServices.CallerFilePath] string path = "")
    {
        // The build writes /_/ for the repository's root, which lies above the output.
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ControlPlane.sln"))) root = root.Parent;
        return Path.GetDirectoryName(path.StartsWith("/_/", StringComparison.Ordinal) ? Path.Combine(root!.FullName, path[3..]) : path)!;
    }
}
