using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Replica.Codecs;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Replica.Turns;

/// <summary>What the log's entries change: the store, and the table that keeps repeated requests from being applied twice.</summary>
internal sealed class ReplicaState(StoreState store, SessionTable sessions)
{
    public ReplicaState()
        : this(new StoreState(), new SessionTable())
    {
    }

    private readonly List<LeaseId> _touchedLeases = [];

    public StoreView View => store.View;

    /// <summary>Leases that entries have changed since <see cref="ForgetTouchedLeases"/>.</summary>
    public IReadOnlyList<LeaseId> TouchedLeases => _touchedLeases;

    /// <summary>Applies one committed entry; what it carries and was applied before is left out of the answer.</summary>
    /// <exception cref="InvalidDataException">The entry is not of this program's making: damage, or a version that this one does not know.</exception>
    public IReadOnlyList<AppliedRequest> Apply(Entry entry)
    {
        if (entry.Kind != EntryKind.Command) return [];
        var proposals = ProposalCodec.Decode(entry.Data);
        var applied = new List<AppliedRequest>(proposals.Count);
        foreach (var (id, command) in proposals)
        {
            if (!sessions.TryEnter(id)) continue;
            applied.Add(new AppliedRequest(id, store.Apply(command)));
            _touchedLeases.AddRange(store.TouchedLeases);
        }

        return applied;
    }

    /// <summary>Equal on members that have applied the same entries: records, revision, leases and limits.</summary>
    public ulong Hash => store.View.WholeHash;

    /// <summary>As <see cref="StoreState.SpaceRefusals"/>.</summary>
    public long SpaceRefusals => store.SpaceRefusals;

    /// <summary>Changes the state as no entry does: for tests of what notices it.</summary>
    internal void Damage(Command command) => store.Apply(command);

    public void ForgetTouchedLeases() => _touchedLeases.Clear();

    /// <summary>An immutable copy for a snapshot at <paramref name="mark"/>. The store's part is a pointer copy.</summary>
    public ReplicaImage TakeImage(SnapshotMark mark) => new(mark, store.View, sessions.Copy());
}

internal readonly record struct AppliedRequest(RequestId Id, Result Result);

/// <summary>The state at one index, ready to be written while newer entries are applied.</summary>
internal sealed record ReplicaImage(SnapshotMark Mark, StoreView View, SessionTable Sessions);
