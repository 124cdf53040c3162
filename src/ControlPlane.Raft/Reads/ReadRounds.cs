namespace ControlPlane.Raft.Reads;

/// <summary>Reads of one term that wait for proof of leadership. A read is ready when a majority has answered a round that began after it arrived.</summary>
/// <remarks>Rounds are numbered and never repeated, so that a late answer cannot vouch for a later read; the object dies with the term.</remarks>
internal sealed class ReadRounds
{
    private readonly List<ulong> _waiting = [];
    private readonly Queue<(ulong Round, LogIndex Index, ulong Context)> _asked = new();

    /// <summary>The newest round; carried by every heartbeat.</summary>
    public ulong Round { get; private set; }

    public bool HasWaiting => _waiting.Count > 0;

    public bool HasAsked => _asked.Count > 0;

    public void Add(ulong context) => _waiting.Add(context);

    /// <summary>Begins a round for all that wait, at the present commit index.</summary>
    public void Begin(LogIndex commit)
    {
        Round++;
        foreach (var context in _waiting) _asked.Enqueue((Round, commit, context));
        _waiting.Clear();
    }

    /// <summary>A majority has confirmed <paramref name="round"/>: everything asked in it or before is ready.</summary>
    public void Confirm(ulong round, List<Answer> answers)
    {
        while (_asked.TryPeek(out var read) && read.Round <= round)
        {
            answers.Add(new Answer.ReadReady(read.Context, read.Index));
            _asked.Dequeue();
        }
    }

    public void RefuseAll(List<Answer> answers, ReplicaId? leader)
    {
        foreach (var read in _asked) answers.Add(new Answer.ReadRefused(read.Context, leader));
        foreach (var context in _waiting) answers.Add(new Answer.ReadRefused(context, leader));
        _asked.Clear();
        _waiting.Clear();
    }
}
