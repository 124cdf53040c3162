namespace ControlPlane.Wal.Logs;

/// <summary>Where each entry lies, in memory: 24 bytes an entry.</summary>
internal sealed class EntryIndex
{
    private Slot[] _slots = new Slot[256];
    private int _start;

    /// <summary>The index of the first slot.</summary>
    public ulong First { get; private set; } = 1;

    public int Count { get; private set; }

    /// <summary>The index after the last slot.</summary>
    public ulong End => First + (ulong)Count;

    public Slot this[ulong index] => _slots[_start + (int)(index - First)];

    public bool Contains(ulong index) => index >= First && index < End;

    /// <summary>Adds the slot of the entry after the last one.</summary>
    public void Add(Slot slot)
    {
        if (_start + Count == _slots.Length)
        {
            var slots = Count > _slots.Length / 2 ? new Slot[_slots.Length * 2] : _slots;
            Array.Copy(_slots, _start, slots, 0, Count);
            (_slots, _start) = (slots, 0);
        }

        _slots[_start + Count++] = slot;
    }

    /// <summary>Forgets entries from <paramref name="index"/> on; when that is below the first one, the next entry is <paramref name="index"/>.</summary>
    public void TruncateFrom(ulong index)
    {
        if (index >= First) Count = (int)Math.Min((ulong)Count, index - First);
        else Clear(index);
    }

    /// <summary>Forgets entries up to and including <paramref name="index"/>.</summary>
    public void DropThrough(ulong index)
    {
        if (index < First) return;
        if (index >= End)
        {
            Clear(index + 1);
            return;
        }

        var dropped = (int)(index - First + 1);
        First += (ulong)dropped;
        _start += dropped;
        Count -= dropped;
    }

    /// <summary>Forgets everything; the next entry is <paramref name="first"/>.</summary>
    public void Clear(ulong first)
    {
        First = first;
        Count = 0;
        _start = 0;
    }

    /// <param name="Position">Of the record in the whole log.</param>
    internal readonly record struct Slot(ulong Term, long Position, int PayloadLength);
}
