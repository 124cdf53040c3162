using ControlPlane.Raft.Messages;

namespace ControlPlane.Raft.Durability;

/// <summary>Knows which part of the log is durable while writes are still on their way to the disk, and holds back the messages that depend on them.</summary>
/// <remarks>Writes are numbered, because (term, index) does not name a write: an entry can be cut and written again, and the late end of the
/// first write would then vouch for the second.</remarks>
internal sealed class WriteLedger(LogIndex durable)
{
    private readonly List<Write> _inFlight = [];
    private readonly Queue<(ulong WriteNumber, Message Message)> _held = new();
    private ulong _last;

    /// <summary>The log is durable up to here.</summary>
    public LogIndex Durable { get; private set; } = durable;

    /// <summary>Opens the write that these effects will be, unless it is open already.</summary>
    public void Open(Effects effects)
    {
        if (effects.WriteNumber != 0) return;
        effects.WriteNumber = ++_last;
        _inFlight.Add(new Write(_last, LogIndex.Zero));
    }

    /// <summary>The open write extends the log to <paramref name="last"/>.</summary>
    public void Extend(LogIndex last)
    {
        Invariant.That(_inFlight.Count > 0);
        _inFlight[^1] = _inFlight[^1] with { Last = last };
    }

    /// <summary>The log is cut at <paramref name="from"/>: what earlier writes say about it and beyond no longer counts.</summary>
    public void Cut(LogIndex from)
    {
        var last = new LogIndex(from.Value - 1);
        if (Durable > last) Durable = last;
        for (var i = 0; i < _inFlight.Count; i++)
        {
            if (_inFlight[i].Last > last) _inFlight[i] = _inFlight[i] with { Last = last };
        }
    }

    /// <summary>The log is replaced by a snapshot at <paramref name="index"/>.</summary>
    public void Reset(LogIndex index)
    {
        // The acknowledgement is held until the write is durable; for applying, a received snapshot is as good as committed.
        Durable = index;
        for (var i = 0; i < _inFlight.Count; i++) _inFlight[i] = _inFlight[i] with { Last = LogIndex.Zero };
    }

    /// <summary>Sends <paramref name="message"/> once everything written so far, the open write included, is durable.</summary>
    public void SendWhenDurable(Message message) => _held.Enqueue((_last, message));

    /// <summary>The write and all before it are durable.</summary>
    public void Complete(ulong writeNumber)
    {
        Invariant.That(writeNumber <= _last);
        while (_inFlight.Count > 0 && _inFlight[0].Number <= writeNumber)
        {
            if (_inFlight[0].Last > Durable) Durable = _inFlight[0].Last;
            _inFlight.RemoveAt(0);
        }
    }

    /// <summary>The next message whose writes are durable.</summary>
    public bool TryRelease(out Message message)
    {
        var firstInFlight = _inFlight.Count > 0 ? _inFlight[0].Number : ulong.MaxValue;
        if (_held.TryPeek(out var held) && held.WriteNumber < firstInFlight)
        {
            message = _held.Dequeue().Message;
            return true;
        }

        message = null!;
        return false;
    }

    private readonly record struct Write(ulong Number, LogIndex Last);
}
