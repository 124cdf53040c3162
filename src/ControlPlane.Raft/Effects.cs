using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Messages;

namespace ControlPlane.Raft;

/// <summary>What the driver must do after a step, in this order: persist, send, apply, answer.</summary>
/// <remarks>Several steps may add to one <see cref="Effects"/>; that is how a batch shares one sync. The driver hands the write to the disk, may
/// send and apply while it is under way, clears the effects, and steps <see cref="Input.Persisted"/> when the write is durable. Messages that
/// depend on a write are not in <see cref="Messages"/> until then, so that everything listed may be sent at once.</remarks>
public sealed class Effects
{
    /// <summary>Numbers the write; 0 when there is nothing to persist.</summary>
    public ulong WriteNumber { get; internal set; }

    /// <summary>To persist, when it changed.</summary>
    public HardState? HardState { get; internal set; }

    /// <summary>To install before <see cref="Entries"/>: the received state becomes the state, the log is emptied and goes on after it.</summary>
    public SnapshotMark? Install { get; internal set; }

    /// <summary>To append. The first index may lie at or below the log's end: then the log is cut there first.</summary>
    public List<Entry> Entries { get; } = [];

    /// <summary>To send now.</summary>
    public List<Message> Messages { get; } = [];

    /// <summary>To apply, in order; durable here and on a majority.</summary>
    public List<Entry> Committed { get; } = [];

    public List<Answer> Answers { get; } = [];

    public bool IsEmpty => WriteNumber == 0 && Messages.Count == 0 && Committed.Count == 0 && Answers.Count == 0;

    public void Clear()
    {
        WriteNumber = 0;
        HardState = null;
        Install = null;
        Entries.Clear();
        Messages.Clear();
        Committed.Clear();
        Answers.Clear();
    }
}
