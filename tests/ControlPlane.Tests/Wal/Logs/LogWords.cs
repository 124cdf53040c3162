using System.Text;
using ControlPlane.Wal.Logs;

namespace ControlPlane.Tests.Wal.Logs;

/// <summary>Short words for the tests of the log.</summary>
internal static class LogWords
{
    public static LogEntry Entry(ulong index, ulong term, string payload) => new(index, term, 1, Encoding.UTF8.GetBytes(payload));

    public static void Append(this WriteAheadLog log, params LogEntry[] entries) => log.Append(null, entries);

    /// <summary>The whole log in one line: <c>state 2/1/3 base 0 | 1:a 1:b 2:c</c>.</summary>
    public static string Line(this WriteAheadLog log)
    {
        var entries = log.Last.Index > log.Base.Index ? log.Read(log.Base.Index + 1, log.Last.Index + 1, long.MaxValue) : [];
        var state = log.HardState;
        return $"state {state.Term}/{state.Vote}/{state.Commit} base {log.Base.Index} |"
            + string.Concat(entries.Select(entry => $" {entry.Term}:{Encoding.UTF8.GetString(entry.Payload.Span)}"));
    }
}
