using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Replica;

/// <summary>A replicated store of one member that keeps nothing on disk: every proposal is applied at once, and everything is forgotten at exit.
/// For tests and tools that need the store's words without its weight.</summary>
public sealed class LocalStore : IReplicatedStore
{
    private static readonly MemberId Self = new(1);

    private readonly Lock _writer = new();
    private readonly StoreState _state;
    private readonly Published<StoreView> _view;
    private readonly Published<Leadership> _leadership = new(new Leadership(Self, Self, Term: 1, IsReady: true));

    /// <summary>An empty store.</summary>
    public LocalStore()
        : this(new StoreState())
    {
    }

    /// <param name="state">What it begins with; owned by the store from now on.</param>
    public LocalStore(StoreState state)
    {
        _state = state;
        _view = new Published<StoreView>(state.View);
    }

    public StoreView Latest => _view.Value;

    public Leadership Leadership => _leadership.Value;

    public IReadOnlyList<MemberStatus> Members { get; } = [new MemberStatus(Self, "local", "127.0.0.1:0", MemberRole.Leader, MatchIndex: null)];

    public ValueTask<StoreView> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Latest);
    }

    public Task<ProposalOutcome> ProposeAsync(Command command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writer)
        {
            var result = _state.Apply(command);
            if (!ReferenceEquals(_state.View, _view.Value)) _view.Publish(_state.View);
            return Task.FromResult<ProposalOutcome>(new ProposalOutcome.Committed(result));
        }
    }

    /// <summary>Always the whole time: leases do not end by themselves here.</summary>
    public TimeSpan? LeaseRemaining(LeaseId lease) => Latest.GetLease(lease) is { } found ? TimeSpan.FromSeconds(found.RemainingSeconds) : null;

    public async ValueTask WaitForChangeAsync(Revision after, CancellationToken cancellationToken) =>
        await _view.WaitAsync(view => view.Revision > after, cancellationToken);

    public ValueTask<Leadership> WaitForLeadershipChangeAsync(Leadership seen, CancellationToken cancellationToken) =>
        _leadership.WaitAsync(leadership => leadership != seen, cancellationToken);
}
