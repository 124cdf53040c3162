using ControlPlane.Raft.Membership;

namespace ControlPlane.Raft.Entries;

/// <summary>The tail of the log that a member keeps in memory: everything after the compaction point.</summary>
/// <remarks>Entries share their bytes with the store, so that keeping some thousands beyond the snapshot costs little and saves slow followers a snapshot.</remarks>
internal sealed class RaftLog
{
    private readonly List<Entry> _entries = [];

    // Configurations by the index from which they hold, ascending; the first holds at the base. Cut and compacted together with the entries.
    private readonly List<(LogIndex Index, Configuration Configuration)> _configurations = [];

    public RaftLog(LogIndex baseIndex, Term baseTerm, Configuration configuration)
    {
        Base = baseIndex;
        BaseTerm = baseTerm;
        _configurations.Add((baseIndex, configuration));
    }

    /// <summary>The last compacted index; its term is still known, its entry is not.</summary>
    public LogIndex Base { get; private set; }

    public Term BaseTerm { get; private set; }

    public LogIndex LastIndex => new(Base.Value + (ulong)_entries.Count);

    public Term LastTerm => _entries.Count == 0 ? BaseTerm : _entries[^1].Term;

    /// <summary>Of the entries held, for budgets.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>The newest configuration in the log, committed or not (Raft §6).</summary>
    public Configuration Configuration => _configurations[^1].Configuration;

    /// <summary>From which index <see cref="Configuration"/> holds.</summary>
    public LogIndex ConfigurationIndex => _configurations[^1].Index;

    public Entry this[LogIndex index]
    {
        get
        {
            Invariant.That(index > Base && index <= LastIndex);
            return _entries[(int)(index.Value - Base.Value - 1)];
        }
    }

    /// <summary>The term of an entry, or null when the index is compacted away or beyond the end.</summary>
    public Term? TermAt(LogIndex index)
    {
        if (index == Base) return BaseTerm;
        if (index < Base || index > LastIndex) return null;
        return this[index].Term;
    }

    /// <summary>The configuration in force at an index that is not compacted.</summary>
    public Configuration ConfigurationAt(LogIndex index)
    {
        Invariant.That(index >= Base);
        return _configurations.FindLast(held => held.Index <= index).Configuration;
    }

    /// <summary>The configuration in force at an index and all that follow it: with the commit index, those that may be in force for the group.</summary>
    public IEnumerable<Configuration> ConfigurationsFrom(LogIndex index)
    {
        var first = _configurations.FindLastIndex(held => held.Index <= index);
        return _configurations.Skip(Math.Max(first, 0)).Select(held => held.Configuration);
    }

    /// <summary>Whether a log that ends with these is at least as complete as this one (Raft §5.4.1).</summary>
    public bool IsNoNewerThan(Term lastTerm, LogIndex lastIndex) => lastTerm > LastTerm || (lastTerm == LastTerm && lastIndex >= LastIndex);

    public void Append(Entry entry)
    {
        Invariant.That(entry.Index == LastIndex.Next);
        Invariant.That(entry.Term >= LastTerm);
        _entries.Add(entry);
        SizeBytes += entry.SizeBytes;
        if (entry.Kind == EntryKind.Configuration) _configurations.Add((entry.Index, entry.Configuration!));
    }

    /// <summary>Forgets the entry at <paramref name="index"/> and all after it, with the configurations they brought.</summary>
    public void CutFrom(LogIndex index)
    {
        Invariant.That(index > Base);
        if (index > LastIndex) return;
        Remove((int)(index.Value - Base.Value - 1), (int)(LastIndex.Value - index.Value + 1));
        _configurations.RemoveAll(held => held.Index >= index && held.Index > Base);
    }

    /// <summary>Forgets entries up to and including <paramref name="index"/>.</summary>
    public void CompactTo(LogIndex index)
    {
        if (index <= Base) return;
        var term = TermAt(index);
        Invariant.That(term is not null);
        var configuration = ConfigurationAt(index);
        Remove(0, (int)(index.Value - Base.Value));
        _configurations.RemoveAll(held => held.Index <= index);
        _configurations.Insert(0, (index, configuration));
        (Base, BaseTerm) = (index, term.Value);
    }

    /// <summary>Forgets everything and starts anew after a snapshot.</summary>
    public void ResetTo(SnapshotMark snapshot)
    {
        _entries.Clear();
        SizeBytes = 0;
        _configurations.Clear();
        _configurations.Add((snapshot.Index, snapshot.Configuration));
        (Base, BaseTerm) = (snapshot.Index, snapshot.Term);
    }

    private void Remove(int start, int count)
    {
        for (var i = start; i < start + count; i++) SizeBytes -= _entries[i].SizeBytes;
        _entries.RemoveRange(start, count);
    }

    /// <summary>Entries from <paramref name="from"/> on: at least one when there is one, then as many as fit.</summary>
    public IReadOnlyList<Entry> Slice(LogIndex from, LogIndex through, int sizeBytesMax)
    {
        if (from > through) return [];
        var start = (int)(from.Value - Base.Value - 1);
        var end = start;
        var last = (int)(through.Value - Base.Value - 1);
        long sizeBytes = 0;
        while (end <= last)
        {
            sizeBytes += _entries[end].SizeBytes;
            if (end > start && sizeBytes > sizeBytesMax) break;
            end++;
        }

        return _entries.GetRange(start, end - start);
    }

    /// <summary>The greatest index at or below <paramref name="index"/> whose term is at most <paramref name="term"/>, so that a whole term of
    /// conflict is skipped in one round trip (Raft §5.3). Never below the base.</summary>
    public (LogIndex Index, Term Term) LastAtOrBelow(LogIndex index, Term term)
    {
        var candidate = index > LastIndex ? LastIndex : index;
        while (candidate > Base && this[candidate].Term > term) candidate = new(candidate.Value - 1);
        return candidate >= Base ? (candidate, TermAt(candidate)!.Value) : (candidate, Term.Zero);
    }
}
