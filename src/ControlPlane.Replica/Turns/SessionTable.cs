namespace ControlPlane.Replica.Turns;

/// <summary>Which forwarded requests are applied already. Part of the replicated state: changed by applied entries only, carried in snapshots.</summary>
internal sealed class SessionTable
{
    private readonly SortedDictionary<ulong, Session> _sessions = [];

    public IEnumerable<SessionRecord> Sessions =>
        _sessions.Select(pair => new SessionRecord(new MemberId(pair.Key), pair.Value.Incarnation, pair.Value.Applied.Floor, [.. pair.Value.Applied.Numbers]));

    public static SessionTable Restore(IEnumerable<SessionRecord> sessions)
    {
        var table = new SessionTable();
        foreach (var (origin, incarnation, oldestOpen, applied) in sessions)
        {
            table._sessions[origin.Value] = new Session(incarnation, new SequenceWindow(oldestOpen, applied));
        }

        return table;
    }

    public SessionTable Copy() => Restore(Sessions);

    /// <summary>True the first time a request comes by; false for every repetition, however late.</summary>
    public bool TryEnter(RequestId id)
    {
        if (!_sessions.TryGetValue(id.Origin.Value, out var session) || session.Incarnation < id.Incarnation)
        {
            session = new Session(id.Incarnation, new SequenceWindow(id.OldestOpen, []));
            _sessions[id.Origin.Value] = session;
        }

        // Nobody waits for a request of an earlier life of its origin, and whether it was applied is forgotten.
        if (id.Incarnation < session.Incarnation) return false;
        session.Applied.RaiseFloor(id.OldestOpen);
        return session.Applied.TryAdd(id.Sequence);
    }

    private sealed record Session(ulong Incarnation, SequenceWindow Applied);
}

/// <summary>One origin's session as a snapshot keeps it.</summary>
/// <param name="Applied">Sequences at and above <paramref name="OldestOpen"/> that are applied.</param>
internal sealed record SessionRecord(MemberId Origin, ulong Incarnation, ulong OldestOpen, IReadOnlyCollection<ulong> Applied);
