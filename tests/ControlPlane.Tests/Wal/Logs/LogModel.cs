using System.Text;
using ControlPlane.Wal.Logs;

namespace ControlPlane.Tests.Wal.Logs;

/// <summary>The plain twin of the log: a list in memory, and every state it has been through record by record.</summary>
internal sealed class LogModel
{
    private readonly List<string> _lines = [];
    private List<LogEntry> _entries = [];
    private HardState _hardState;
    private LogPoint _base;
    private int _acknowledged;

    public LogModel() => Remember();

    public ulong Last => _base.Index + (ulong)_entries.Count;

    public ulong Base => _base.Index;

    public HardState HardState => _hardState;

    /// <summary>The states a restart may find: the last acknowledged one or any after it.</summary>
    public IReadOnlyList<string> Allowed => _lines[_acknowledged..];

    public ulong TermAt(ulong index) => index == _base.Index ? _base.Term : _entries[(int)(index - _base.Index - 1)].Term;

    public void Save(HardState state)
    {
        _hardState = state;
        Remember();
    }

    public void Append(LogEntry entry)
    {
        _entries = [.. _entries.Take((int)(entry.Index - _base.Index - 1)), entry];
        Remember();
    }

    public void Compact(ulong index)
    {
        var term = TermAt(index);
        _entries = [.. _entries.Skip((int)(index - _base.Index))];
        _base = new LogPoint(index, term);
        Remember();
    }

    public void Reset(LogPoint point, HardState state)
    {
        _entries = [];
        _base = point;
        Remember();
        Save(state);
    }

    /// <summary>Everything so far is durable.</summary>
    public void Acknowledge() => _acknowledged = _lines.Count - 1;

    /// <summary>Goes on from the state that a restart found.</summary>
    public void Adopt(WriteAheadLog log)
    {
        _base = log.Base;
        _hardState = log.HardState;
        _entries = log.Last.Index > log.Base.Index ? [.. log.Read(log.Base.Index + 1, log.Last.Index + 1, long.MaxValue)] : [];
        _lines.Clear();
        Remember();
        _acknowledged = 0;
    }

    private void Remember() => _lines.Add(
        $"state {_hardState.Term}/{_hardState.Vote}/{_hardState.Commit} base {_base.Index} |"
        + string.Concat(_entries.Select(entry => $" {entry.Term}:{Encoding.UTF8.GetString(entry.Payload.Span)}")));
}
