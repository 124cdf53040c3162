using System.Text;
using ControlPlane.Etcd.Client;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Harness;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Google.Protobuf;

namespace ControlPlane.Tests.Etcd.Client;

/// <summary>Leadership, leases and batches on a real etcd, which keeps the time.</summary>
public sealed class RealEtcdTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly Scratch _scratch = new();
    private EtcdServer? _etcd;

    public async ValueTask InitializeAsync()
    {
        if (EtcdServer.Binary is null) Assert.Skip("etcd is not on the PATH");
        _etcd = await EtcdServer.StartAsync(_scratch["etcd"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_etcd is not null) await _etcd.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task One_of_two_servers_leads_and_when_it_stops_the_other_leads_a_later_term()
    {
        var first = await OpenAsync("s1");
        await using var second = await OpenAsync("s2");
        var one = await LeadershipAsync(first, leadership => leadership.Leader is not null);
        await LeadershipAsync(second, leadership => leadership.Leader == one.Leader);
        await MembersAsync(second, 2);
        if (!one.IsLeader)
        {
            await first.DisposeAsync();
            return;
        }

        Assert.True(one.IsReady);
        await first.DisposeAsync();
        var two = await LeadershipAsync(second, leadership => leadership.IsLeader);
        Assert.True(two.Term > one.Term);
        Assert.Equal(["s2"], second.Members.Select(member => member.Name));
    }

    [Fact]
    public async Task A_leader_that_etcd_does_not_answer_leads_no_longer_and_leads_again_when_it_does()
    {
        await using var store = await OpenAsync("s1");
        var before = await LeadershipAsync(store, leadership => leadership.IsLeader);
        _etcd!.Pause();
        await LeadershipAsync(store, leadership => !leadership.IsLeader);
        Assert.False(store.Leadership.IsLeader);
        _etcd.Resume();
        var after = await LeadershipAsync(store, leadership => leadership.IsLeader);
        Assert.True(after.Term > before.Term);
    }

    [Fact]
    public async Task An_etcd_that_was_killed_and_restarted_is_followed_again_and_the_operator_is_told_once()
    {
        var notices = new List<string>();
        await using var store = await OpenAsync(null, notice: line =>
        {
            lock (notices) notices.Add(line);
        });
        await store.ProposeAsync(new Transaction([], [new Operation.Put("k"u8.ToArray(), default, LeaseId.None)], []), CancellationToken.None);
        await _etcd!.KillAsync();
        await _etcd.StartAsync();
        await store.ProposeAsync(new Transaction([], [new Operation.Put("k"u8.ToArray(), default, LeaseId.None)], []), CancellationToken.None);
        Assert.Equal(2, (await store.ReadAsync(CancellationToken.None)).Get("k"u8)!.Version);
        lock (notices) Assert.Single(notices, notice => notice == "following etcd again");
    }

    [Fact]
    public async Task A_lease_of_another_client_is_known_with_its_time_and_forgotten_when_it_ends()
    {
        await using var store = await OpenAsync(null);
        using var other = new EtcdConnection(new Uri(_etcd!.Url), null);
        var layout = new KeyLayout("/controlplane/");
        await other.Leases.LeaseGrantAsync(new LeaseGrantRequest { ID = 77, TTL = 600 });
        await other.Keys.PutAsync(new PutRequest { Key = layout.InEtcd("k"u8), Value = ByteString.CopyFromUtf8("v"), Lease = 77 });

        await UntilAsync(store, view => view.GetLease(new LeaseId(77))?.TimeToLiveSeconds == 600);
        Assert.InRange(store.LeaseRemaining(new LeaseId(77))!.Value.TotalSeconds, 500, 601);
        await other.Leases.LeaseRevokeAsync(new LeaseRevokeRequest { ID = 77 });
        await UntilAsync(store, view => view.Get("k"u8) is null);
    }

    [Fact]
    public async Task A_lease_that_nobody_renews_ends_here_after_it_has_ended_in_etcd()
    {
        await using var store = await OpenAsync(null);
        var lease = new LeaseId(5);
        await store.ProposeAsync(new GrantLease(lease, 2), CancellationToken.None);
        Assert.NotNull(store.LeaseRemaining(lease));
        await store.ProposeAsync(new Transaction([], [new Operation.Put("k"u8.ToArray(), default, lease)], []), CancellationToken.None);
        await UntilAsync(store, view => view.Get("k"u8) is null);
        await UntilAsync(store, view => view.GetLease(lease) is null);
        Assert.Null(store.LeaseRemaining(lease));
    }

    [Fact]
    public async Task A_batch_of_independent_writes_is_answered_one_by_one_in_its_order()
    {
        await using var store = await OpenAsync(null);
        var transactions = Enumerable.Range(0, 200).Select(number => Transaction.PutIf(Encoding.UTF8.GetBytes($"k{number}"), number % 10 == 9 ? new Revision(1) : Revision.Zero, default));
        var committed = Assert.IsType<ProposalOutcome.Committed>(await store.ProposeAsync(new Batch([.. transactions]), CancellationToken.None));
        var results = Assert.IsType<BatchResult>(committed.Result).Transactions.Cast<TransactionResult>().ToList();
        Assert.Equal(Enumerable.Range(0, 200).Select(number => number % 10 != 9), results.Select(result => result.Succeeded));
        Assert.Equal(180, store.Latest.KeyCount);
    }

    [Fact]
    public async Task What_the_leader_lets_etcd_forget_every_server_forgets()
    {
        await using var store = await OpenAsync("s1", history: TimeSpan.FromMilliseconds(400));
        await using var other = await OpenAsync("s2", history: TimeSpan.FromMilliseconds(400));
        await LeadershipAsync(store, leadership => leadership.Leader is not null);
        for (var number = 0; number < 3; number++) await store.ProposeAsync(new Transaction([], [new Operation.Put("k"u8.ToArray(), default, LeaseId.None)], []), CancellationToken.None);
        var floor = store.Latest.Revision;
        await UntilAsync(store, view => view.CompactionFloor >= floor);
        await UntilAsync(other, view => view.CompactionFloor >= floor);
    }

    private Task<EtcdStore> OpenAsync(string? name, TimeSpan? history = null, Action<string>? notice = null) => EtcdStore.OpenAsync(
        new EtcdStoreOptions
        {
            Endpoints = [new Uri(_etcd!.Url)],
            Name = name,
            SessionTimeToLive = TimeSpan.FromSeconds(2),
            HistoryDuration = history,
            Notice = notice ?? (static _ => { }),
        },
        CancellationToken.None);

    private static async Task<Leadership> LeadershipAsync(EtcdStore store, Func<Leadership, bool> isWanted)
    {
        using var patience = new CancellationTokenSource(Deadline);
        for (var leadership = store.Leadership; ; leadership = await store.WaitForLeadershipChangeAsync(leadership, patience.Token))
        {
            if (isWanted(leadership)) return leadership;
        }
    }

    private static async Task MembersAsync(EtcdStore store, int count)
    {
        using var patience = new CancellationTokenSource(Deadline);
        while (store.Members.Count != count) await store.WaitForChangeAsync(store.Latest.Revision, patience.Token);
    }

    private static async Task UntilAsync(EtcdStore store, Func<StoreView, bool> isReached)
    {
        using var patience = new CancellationTokenSource(Deadline);
        // Leases change without a revision, and nobody waits for them but tests: reading again is a round trip to etcd, which is pause enough.
        while (!isReached(store.Latest)) await store.ReadAsync(patience.Token);
    }
}
