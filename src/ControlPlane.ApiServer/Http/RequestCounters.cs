using System.Collections.Concurrent;

namespace ControlPlane.ApiServer.Http;

/// <summary>How many requests ended how, for <c>/metrics</c>.</summary>
internal sealed class RequestCounters
{
    private readonly ConcurrentDictionary<(string Verb, int Code), Counter> _counts = new();

    // Anything else would let a client invent labels without end.
    private static readonly HashSet<string> Verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    public void Count(string verb, int code) => Add(Verbs.Contains(verb) ? verb : "other", code);

    private void Add(string verb, int code) => Interlocked.Increment(ref _counts.GetOrAdd((verb, code), static _ => new Counter()).Value);

    public IEnumerable<(string Verb, int Code, long Count)> All => _counts
        .Select(pair => (pair.Key.Verb, pair.Key.Code, Interlocked.Read(ref pair.Value.Value)))
        .OrderBy(row => row.Verb, StringComparer.Ordinal).ThenBy(row => row.Code);

    private sealed class Counter
    {
        public long Value;
    }
}
