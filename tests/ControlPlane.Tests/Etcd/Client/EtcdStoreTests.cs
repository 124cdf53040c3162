using System.Text;
using ControlPlane.Etcd.Client;
using ControlPlane.Harness;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;
using Grpc.Core;

namespace ControlPlane.Tests.Etcd.Client;

/// <summary>What becomes of reads, writes and followers of changes when an etcd misbehaves.</summary>
public sealed class EtcdStoreTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_watch_that_was_cut_goes_on_without_gap_or_repeat()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        await using var store = await OpenAsync(etcd);
        await PutAsync(store, "a", "1");
        var before = store.Latest.Revision;

        etcd.CutWatches();
        await etcd.WriteAsync("a", "2");
        await etcd.WriteAsync("b", "1");
        etcd.AllowWatches();

        await ReachAsync(store, etcd);
        var read = Assert.IsType<ChangesOutcome.Read>(store.Latest.ReadChanges(before, int.MaxValue));
        Assert.Equal(["a=2", "b=1"], read.Changes.Select(change => $"{Text(change.Key)}={Text(change.Current!.Value)}"));
    }

    [Fact]
    public async Task Followers_learn_that_history_is_gone_when_etcd_was_compacted_past_the_watch()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        await using var store = await OpenAsync(etcd);
        await PutAsync(store, "a", "1");
        var before = store.Latest.Revision;

        etcd.CutWatches();
        for (var value = 2; value < 6; value++) await etcd.WriteAsync("a", $"{value}");
        await etcd.CompactAsync(etcd.View.Revision);
        etcd.AllowWatches();

        await ReachAsync(store, etcd);
        Assert.Equal("5", Text(store.Latest.Get("a"u8)!.Value));
        Assert.IsType<ChangesOutcome.Compacted>(store.Latest.ReadChanges(before, int.MaxValue));
    }

    [Fact]
    public async Task An_event_that_a_watch_lost_is_noticed_at_the_keys_next_and_everything_is_loaded_again()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        var notices = new List<string>();
        await using var store = await OpenAsync(etcd, notices);
        await PutAsync(store, "a", "1");

        etcd.LoseNextEvent();
        await etcd.WriteAsync("a", "2");
        await etcd.WriteAsync("a", "3");

        await ReachAsync(store, etcd);
        Assert.Equal("3", Text(store.Latest.Get("a"u8)!.Value));
        Assert.Equal(3, store.Latest.Get("a"u8)!.Version);
        lock (notices) Assert.Contains(notices, notice => notice.StartsWith("loading everything from etcd again"));
    }

    [Fact]
    public async Task A_write_without_an_answer_is_unknown_and_may_show_later()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        await using var store = await OpenAsync(etcd);
        etcd.EndNextWrite(new Status(StatusCode.Unavailable, "etcdserver: request timed out"), isCarriedOut: true);
        Assert.IsType<ProposalOutcome.Unknown>(await ProposeAsync(store, "a", "1"));
        Assert.Equal("1", Text((await store.ReadAsync(CancellationToken.None)).Get("a"u8)!.Value));
    }

    [Fact]
    public async Task A_full_etcd_leaves_a_write_unknown_because_it_may_have_been_the_one_that_filled_it()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        await using var store = await OpenAsync(etcd);
        etcd.EndNextWrite(new Status(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded"), isCarriedOut: true);
        var unknown = Assert.IsType<ProposalOutcome.Unknown>(await ProposeAsync(store, "a", "1"));
        Assert.Contains("quota-backend-bytes", unknown.Reason);
    }

    [Fact]
    public async Task A_write_that_was_never_taken_may_be_tried_again()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        await using var store = await OpenAsync(etcd);
        etcd.EndNextWrite(new Status(StatusCode.Unavailable, "etcdserver: no leader"), isCarriedOut: false);
        Assert.IsType<ProposalOutcome.NotLeader>(await ProposeAsync(store, "a", "1"));
        await PutAsync(store, "a", "1");
    }

    [Fact]
    public async Task A_refused_connection_is_no_unknown_outcome_and_the_next_member_takes_over()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        await using var store = await EtcdStore.OpenAsync(new EtcdStoreOptions { Endpoints = [new($"http://127.0.0.1:{Scratch.FreePorts(1)[0]}"), etcd.Url] }, CancellationToken.None);
        await PutAsync(store, "a", "1");
        Assert.Equal("1", Text((await store.ReadAsync(CancellationToken.None)).Get("a"u8)!.Value));
    }

    [Fact]
    public async Task Reads_wait_for_writes_of_others_under_the_prefix()
    {
        await using var etcd = await FakeEtcd.StartAsync();
        await using var store = await OpenAsync(etcd);
        await etcd.WriteAsync("a", "1");
        Assert.Equal("1", Text((await store.ReadAsync(CancellationToken.None)).Get("a"u8)!.Value));
    }

    [Theory]
    [InlineData("3.5.9", 0)]
    [InlineData("3.4.23", 1)]
    public async Task Revisions_of_others_are_reached_by_asking_for_progress_or_where_that_cannot_be_trusted_by_a_write(string version, int writes)
    {
        await using var etcd = await FakeEtcd.StartAsync(version);
        await using var store = await OpenAsync(etcd);
        await etcd.WriteAsync("a", "1");
        await ReachAsync(store, etcd);
        await etcd.WriteElsewhereAsync();
        var read = await store.ReadAsync(CancellationToken.None);
        Assert.True(read.Revision.Value >= 2);
        Assert.Equal(writes, etcd.WriteCount);
    }

    private static Task<EtcdStore> OpenAsync(FakeEtcd etcd, List<string>? notices = null) => EtcdStore.OpenAsync(
        new EtcdStoreOptions
        {
            Endpoints = [etcd.Url],
            Notice = line =>
            {
                if (notices is null) return;
                lock (notices) notices.Add(line);
            },
        },
        CancellationToken.None);

    private static async Task PutAsync(EtcdStore store, string key, string value) => Assert.IsType<ProposalOutcome.Committed>(await ProposeAsync(store, key, value));

    private static Task<ProposalOutcome> ProposeAsync(EtcdStore store, string key, string value) =>
        store.ProposeAsync(new Transaction([], [new Operation.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), LeaseId.None)], []), CancellationToken.None);

    private static async Task ReachAsync(EtcdStore store, FakeEtcd etcd)
    {
        using var patience = new CancellationTokenSource(Deadline);
        await store.WaitForChangeAsync(new Revision(etcd.View.Revision.Value - 1), patience.Token);
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
