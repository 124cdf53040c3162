using ControlPlane.Replica;
using ControlPlane.Replica.Renewals;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Tests.Replica.Hosts;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Replica.Renewals;

public sealed class RenewalWindowTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly CountingStore _store = new();
    private readonly RenewalWindow _window;

    public RenewalWindowTests() => _window = new RenewalWindow(_store, _time);

    [Fact]
    public async Task Renewals_that_come_while_nothing_is_on_its_way_go_at_once()
    {
        for (var round = 0; round < 3; round++)
        {
            Assert.IsType<ProposalOutcome.Committed>(await _window.ProposeAsync(Put($"n{round}"), CancellationToken.None));
            _time.Advance(RenewalWindow.Length);
        }

        Assert.Equal(3, _store.Commands.Count);
    }

    [Fact]
    public async Task Renewals_of_one_window_travel_as_one_entry_and_each_gets_its_own_answer()
    {
        var first = _window.ProposeAsync(Put("first"), CancellationToken.None);
        var others = Enumerable.Range(0, 100).Select(node => _window.ProposeAsync(Put($"n{node % 60:d2}"), CancellationToken.None)).ToList();
        Assert.Single(_store.Commands);

        _time.Advance(RenewalWindow.Length);

        Assert.Equal(1, Revision(await first));
        var outcomes = await Task.WhenAll(others);
        Assert.Equal(2, _store.Commands.Count);
        Assert.Equal(100, ((Batch)_store.Commands[1]).Transactions.Length);
        // The same node twice: the second finds it there and fails its comparison, as it would have alone.
        Assert.Equal(Enumerable.Range(2, 60), outcomes.Take(60).Select(Revision));
        Assert.All(outcomes.Skip(60), outcome => Assert.False(Assert.IsType<TransactionResult>(Assert.IsType<ProposalOutcome.Committed>(outcome).Result).Succeeded));
    }

    [Fact]
    public async Task A_crowd_is_sent_without_waiting_in_entries_of_bounded_size()
    {
        var first = _window.ProposeAsync(Put("first"), CancellationToken.None);
        var others = Enumerable.Range(0, 600).Select(node => _window.ProposeAsync(Put($"n{node}"), CancellationToken.None)).ToList();

        _time.Advance(RenewalWindow.Length);

        await Task.WhenAll([first, .. others]);
        Assert.Equal([1, 256, 256, 88], _store.Commands.Select(command => ((Batch)command).Transactions.Length));
    }

    [Fact]
    public async Task Leases_of_the_store_share_entries_too_and_an_unknown_one_is_named_to_its_holder_only()
    {
        await _store.ProposeAsync(new GrantLease(new LeaseId(1), 10), CancellationToken.None);
        var first = _window.RenewAsync(new LeaseId(1), CancellationToken.None);
        var known = _window.RenewAsync(new LeaseId(1), CancellationToken.None);
        var unknown = _window.RenewAsync(new LeaseId(2), CancellationToken.None);

        _time.Advance(RenewalWindow.Length);

        Assert.Empty(Unknown(await first));
        Assert.Empty(Unknown(await known));
        Assert.Equal([new LeaseId(2)], Unknown(await unknown));
        Assert.Equal(3, _store.Commands.Count);

        static IEnumerable<LeaseId> Unknown(ProposalOutcome outcome) => Assert.IsType<LeaseResult>(Assert.IsType<ProposalOutcome.Committed>(outcome).Result).Unknown;
    }

    [Fact]
    public async Task What_the_store_says_to_all_is_said_to_each()
    {
        _store.Refusal = new ProposalOutcome.Unknown("lost");
        Assert.Same(_store.Refusal, await _window.ProposeAsync(Put("a"), CancellationToken.None));
    }

    /// <summary>A thousand nodes renew together through one member of three on real disks, as the agents of a large cluster do.</summary>
    [Fact]
    public async Task A_thousand_renewals_cost_the_group_a_few_entries()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        var counting = new CountingStore(group[leader]);
        var window = new RenewalWindow(counting, TimeProvider.System);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 1000).Select(node => window.ProposeAsync(Put($"node{node}"), CancellationToken.None)));

        Assert.All(outcomes, outcome => Assert.True(Assert.IsType<TransactionResult>(Assert.IsType<ProposalOutcome.Committed>(outcome).Result).Succeeded));
        Assert.InRange(counting.Commands.Count, 1, 10);
        Assert.Equal(1000, group[leader].Latest.KeyCount);
    }

    private static int Revision(ProposalOutcome outcome) => (int)Assert.IsType<TransactionResult>(Assert.IsType<ProposalOutcome.Committed>(outcome).Result).Revision.Value;

    private static Transaction Put(string key) => Transaction.PutIf(HostGroup.Bytes(key), ControlPlane.Store.Revision.Zero, HostGroup.Bytes("renewed"));

    /// <summary>Remembers what was proposed.</summary>
    private sealed class CountingStore(IReplicatedStore? inner = null)
        : IReplicatedStore
    {
        private readonly IReplicatedStore _inner = inner ?? new LocalStore();

        public List<Command> Commands { get; } = [];

        public ProposalOutcome? Refusal { get; set; }

        public StoreView Latest => _inner.Latest;

        public Leadership Leadership => _inner.Leadership;

        public IReadOnlyList<MemberStatus> Members => _inner.Members;

        public ValueTask<StoreView> ReadAsync(CancellationToken cancellationToken) => _inner.ReadAsync(cancellationToken);

        public Task<ProposalOutcome> ProposeAsync(Command command, CancellationToken cancellationToken)
        {
            lock (Commands) Commands.Add(command);
            return Refusal is { } refusal ? Task.FromResult(refusal) : _inner.ProposeAsync(command, cancellationToken);
        }

        public TimeSpan? LeaseRemaining(LeaseId lease) => _inner.LeaseRemaining(lease);

        public ValueTask WaitForChangeAsync(Revision after, CancellationToken cancellationToken) => _inner.WaitForChangeAsync(after, cancellationToken);

        public ValueTask<Leadership> WaitForLeadershipChangeAsync(Leadership seen, CancellationToken cancellationToken) =>
            _inner.WaitForLeadershipChangeAsync(seen, cancellationToken);
    }
}
