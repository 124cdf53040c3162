namespace ControlPlane.Simulation.Worlds;

/// <summary>What happened: always as a hash, so that two runs can be compared, and as sentences when somebody wants to read them.</summary>
internal sealed class Trace(Schedule schedule, bool isTold)
{
    private const int KeptLines = 120;

    private readonly Queue<string> _lines = new();
    private Fingerprint _hash;

    public ulong Hash => _hash.Value;

    /// <summary>Null when nobody listens, so that <c>trace.Story?.Add(…)</c> does not build its sentence for nothing.</summary>
    public Trace? Story => isTold ? this : null;

    public IEnumerable<string> Lines => _lines;

    public void Count(ulong what)
    {
        _hash.Add((ulong)schedule.Now);
        _hash.Add(what);
    }

    public void Add(string line)
    {
        _lines.Enqueue($"{schedule.Now / 1000.0,10:F1} ms  {line}");
        if (_lines.Count > KeptLines) _lines.Dequeue();
    }
}
