using System.Collections.Concurrent;
using System.Diagnostics;
using ControlPlane.Harness.Histories;

namespace ControlPlane.Benchmarks.Nemesis.Workloads;

/// <summary>Everything the clients saw, on one clock.</summary>
internal sealed class Journal
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, string?> _lastSeen = [];

    /// <summary>One list a client, written by that client alone.</summary>
    public ConcurrentBag<List<Call>> Calls { get; } = [];

    /// <summary>Changes that were acknowledged with a revision, and when.</summary>
    public ConcurrentQueue<(KeyChange Change, long Microseconds)> Acknowledged { get; } = [];

    public long Now => _clock.ElapsedTicks * 1_000_000 / Stopwatch.Frequency;

    /// <summary>A value that was there not long ago: what a compare-and-set should expect to hold now and then.</summary>
    public string? LastSeen(string key) => _lastSeen.GetValueOrDefault(key);

    public void Saw(string key, string? value) => _lastSeen[key] = value;

    public List<Call> NewClient()
    {
        var calls = new List<Call>();
        Calls.Add(calls);
        return calls;
    }
}
