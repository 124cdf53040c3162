namespace ControlPlane.Wal.Logs;

/// <summary>What the records so far add up to; the same rules while writing and while recovering.</summary>
internal sealed class LogContent
{
    public LogContent(LogPoint @base, LogPoint last, HardState hardState)
    {
        (Base, Last, HardState) = (@base, last, hardState);
        Index.Clear(last.Index + 1);
    }

    /// <summary>Entries up to here are in a snapshot.</summary>
    public LogPoint Base { get; private set; }

    /// <summary>The newest entry, or <see cref="Base"/> when there is none after it.</summary>
    public LogPoint Last { get; private set; }

    public HardState HardState { get; private set; }

    public EntryIndex Index { get; } = new();

    /// <summary>The term of the entry at <paramref name="index"/>; null when it is compacted away or not there yet.</summary>
    public ulong? TermAt(ulong index)
    {
        if (index == Base.Index) return Base.Term;
        return index > Base.Index && Index.Contains(index) ? Index[index].Term : null;
    }

    /// <summary>Takes in one record.</summary>
    /// <param name="payload">At least the eight bytes of a vote for <see cref="RecordKind.HardState"/>.</param>
    /// <returns>Null, or why the record cannot follow the ones before it.</returns>
    public string? Apply(in RecordHeader record, ReadOnlySpan<byte> payload)
    {
        switch (record.Kind)
        {
            case RecordKind.Entry:
                if (record.Index <= Base.Index) return $"entry {record.Index} lies at or below the snapshot's index {Base.Index}";
                if (record.Index > Last.Index + 1) return $"entry {record.Index} follows entry {Last.Index}";
                Index.TruncateFrom(record.Index);
                Index.Add(new EntryIndex.Slot(record.Term, record.Position, record.PayloadLength));
                Last = new LogPoint(record.Index, record.Term);
                return null;
            case RecordKind.HardState:
                if (payload.Length != 8) return $"a vote has 8 bytes, not {payload.Length}";
                HardState = new HardState(record.Term, System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(payload), record.Index);
                return null;
            case RecordKind.Base:
                if (record.Index > Last.Index) return $"the base {record.Index} lies above the last entry {Last.Index}";
                if (record.Index < Base.Index) return $"the base goes back from {Base.Index} to {record.Index}";
                Base = new LogPoint(record.Index, record.Term);
                Index.DropThrough(record.Index);
                return null;
            case RecordKind.Reset:
                Base = Last = new LogPoint(record.Index, record.Term);
                Index.Clear(record.Index + 1);
                return null;
            default:
                return $"record kind {(byte)record.Kind} is unknown; a newer version of the program may have written it";
        }
    }
}
