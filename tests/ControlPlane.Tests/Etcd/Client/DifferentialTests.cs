using ControlPlane.Etcd.Client;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Harness;
using ControlPlane.Store;
using ControlPlane.Store.Watches;
using Grpc.Core;

namespace ControlPlane.Tests.Etcd.Client;

/// <summary>The store and a real etcd, driven by the same commands, give the same answers.</summary>
/// <remarks><c>ETCD_DIFFERENTIAL_STEPS=20000 ETCD_DIFFERENTIAL_SEED=7</c> makes it longer, or another one. What is meant to differ stands in docs/adr/0018.</remarks>
public sealed class DifferentialTests
{
    private const int StepsUsual = 200;

    private static readonly KeyLayout Layout = new("/controlplane/");

    [Fact]
    public async Task Random_commands_get_the_same_answers_from_the_store_and_from_etcd()
    {
        if (EtcdServer.Binary is null) Assert.Skip("etcd is not on the PATH");
        var seed = int.Parse(Environment.GetEnvironmentVariable("ETCD_DIFFERENTIAL_SEED") ?? "1");
        var steps = int.Parse(Environment.GetEnvironmentVariable("ETCD_DIFFERENTIAL_STEPS") ?? $"{StepsUsual}");
        using var scratch = new Scratch();
        await using var etcd = await EtcdServer.StartAsync(scratch["etcd"]);
        await using var store = await EtcdStore.OpenAsync(new EtcdStoreOptions { Endpoints = [new Uri(etcd.Url)], HistoryDuration = null }, CancellationToken.None);
        using var direct = new EtcdConnection(new Uri(etcd.Url), null);
        // etcd is born at revision 1.
        var model = StoreState.Restore(new StoreHead(store.Latest.Revision, Revision.Zero), []);
        var commands = new RandomCommands(seed);
        for (var step = 0; step < steps; step++)
        {
            var command = commands.Next(model.View);
            var expected = Spelling.Of(model.Apply(command));
            var actual = Spelling.Of(await store.ProposeAsync(command, CancellationToken.None));
            Same(expected, actual, $"the answer to {Spelling.Of(command)}");
            Same($"{model.View.Revision}", $"{(await store.ReadAsync(CancellationToken.None)).Revision}", "the revision");
            Same($"{model.View.CompactionFloor}", $"{store.Latest.CompactionFloor}", "the floor");
            if (step % 7 == 0) await CompareAsync(commands.NextRevision(model.View), step);
        }

        void Same(string expected, string actual, string what) =>
            Assert.True(expected == actual, $"{what} differs (seed {seed})\nstore: {expected}\netcd:  {actual}");

        async Task CompareAsync(Revision revision, int step)
        {
            var (ours, copy) = (model.View, store.Latest);
            Same(Spelling.Of(ours.Range(default, null)), Spelling.Of(copy.Range(default, null)), $"the state after step {step}");
            Same(Leases(ours), Leases(copy), "the leases");
            Same($"{ours.StateHash:x}", $"{copy.StateHash:x}", "the hash of the state");
            Same(At(ours, revision), At(copy, revision), $"the state at {revision}");
            Same(Spelling.Of(ours.ReadChanges(revision, 5)), Spelling.Of(copy.ReadChanges(revision, 5)), $"the changes after {revision}");
            Same(At(ours, revision), await AtAsync(direct, revision), $"etcd's own state at {revision}");
            // From the floor itself etcd tells of puts only (etcd-io/etcd#19179).
            if (revision >= ours.Floor && ours.ReadChanges(revision, int.MaxValue) is ChangesOutcome.Read { Changes.Count: > 0 } read)
            {
                Same(Spelling.Of(read), await ChangesAsync(direct, revision, read.Through), $"etcd's own watch after {revision}");
            }
        }
    }

    private static string Leases(StoreView view) => string.Join(", ", view.Leases.Select(lease => $"{lease.Id} for {lease.TimeToLiveSeconds} s"));

    private static string At(StoreView view, Revision revision) => view.At(revision) is { } then ? Spelling.Of(then.Range(default, null)) : "gone, or not there yet";

    private static async Task<string> AtAsync(EtcdConnection etcd, Revision revision)
    {
        try
        {
            var range = await etcd.Keys.RangeAsync(new RangeRequest { Key = Layout.InEtcd([]), RangeEnd = Layout.DataEnd, Revision = revision.Value });
            return Spelling.Of(range.Kvs.Select(Layout.ToRecord));
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.OutOfRange)
        {
            return "gone, or not there yet";
        }
    }

    private static async Task<string> ChangesAsync(EtcdConnection etcd, Revision after, Revision through)
    {
        using var call = etcd.Watches.Watch(deadline: Calls.Deadline(TimeSpan.FromSeconds(10)));
        await call.RequestStream.WriteAsync(new WatchRequest
        {
            CreateRequest = new WatchCreateRequest { Key = Layout.InEtcd([]), RangeEnd = Layout.DataEnd, StartRevision = after.Value + 1, PrevKv = true },
        });
        var changes = new List<Change>();
        while (changes.Count == 0 || changes[^1].Revision < through)
        {
            Assert.True(await call.ResponseStream.MoveNext());
            foreach (var one in call.ResponseStream.Current.Events)
            {
                Layout.TryFromEtcd(one.Kv.Key, out var key);
                var current = one.Type == Event.Types.EventType.Delete ? null : Layout.ToRecord(one.Kv);
                changes.Add(new Change(new Revision(one.Kv.ModRevision), key, current, one.PrevKv is null ? null : Layout.ToRecord(one.PrevKv)));
            }
        }

        return Spelling.Of(new ChangesOutcome.Read(changes, through));
    }
}
