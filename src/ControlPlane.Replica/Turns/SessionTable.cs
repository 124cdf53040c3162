namespace ControlPlane.Replica.Turns;

/// <summary>Which forwarded requests are applied already. Part of the replicated state: changed by applied entries only, carried in snapshots.</summary>
internal sealed class SessionTable
{
    private readonly SortedDictionary<ulong, Session> _sessions = [];

    public IEnumerable<SessionRecord> Sessions =>
        _sessions.Select(pair => new SessionRecord(new MemberId(pair.Key), pair.Value.Incarnation, pair.Value.OldestOpen, [.. pair.Value.Applied]));

    public static SessionTable Restore(IEnumerable<SessionRecord> sessions)
    {
        var table = new SessionTable();
        foreach (var (origin, incarnation, oldestOpen, applied) in sessions)
        {
            table._sessions[origin.Value] = new Session(incarnation, oldestOpen, [.. applied]);
        }

        return table;
    }

    public SessionTable Copy() => Restore(Sessions);

    /// <summary>True the first time a request comes by; false for every repetition, however late.</summary>
    public bool TryEnter(RequestId id)
    {
        if (!_sessions.TryGetValue(id.Origin.Value, out var session) || session.Incarnation < id.Incarnation)
        {
            session = new Session(id.Incarnation, 1, []);
            _sessions[id.Origin.Value] = session;
        }

        // Nobody waits for a request of an earlier life of its origin, and whether it was applied is forgotten.
        if (id.Incarnation < session.Incarnation || id.Sequence < session.OldestOpen || !session.Applied.Add(id.Sequence)) return false;
        if (id.OldestOpen > session.OldestOpen)
        {
            session.OldestOpen = id.OldestOpen;
            while (session.Applied.Count > 0 && session.Applied.Min < session.OldestOpen) session.Applied.Remove(session.Applied.Min);
        }

        return true;
    }

    private sealed class Session(ulong incarnation, ulong oldestOpen, SortedSet<ulong> applied)
    {
        public ulong Incarnation { get; } = incarnation;

        public ulong OldestOpen { get; set; } = oldestOpen;

        public SortedSet<ulong> Applied { get; } = applied;
    }
}

/// <summary>One origin's session as a snapshot keeps it.</summary>
/// <param name="Applied">Sequences at and above <paramref name="OldestOpen"/> that are applied.</param>
internal sealed record SessionRecord(MemberId Origin, ulong Incarnation, ulong OldestOpen, IReadOnlyCollection<ulong> Applied);
