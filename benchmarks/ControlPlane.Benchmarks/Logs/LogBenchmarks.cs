using BenchmarkDotNet.Attributes;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Benchmarks.Logs;

/// <summary>The log on the real disk of the machine, with a real sync for each group. Sketch: benchmarks/sketches.md.</summary>
[MemoryDiagnoser]
public class LogBenchmarks
{
    /// <summary>Entries kept; what is older is compacted away, so that segments are recycled as in a long run.</summary>
    private const ulong KeptCount = 100_000;

    private readonly byte[] _payload = new byte[256];
    private DirectoryInfo _directory = null!;
    private WriteAheadLog _log = null!;
    private LogEntry[] _group = [];

    /// <summary>Entries for each sync.</summary>
    [Params(1, 16, 256)]
    public int GroupSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _directory = Directory.CreateTempSubdirectory("cp-log-bench-");
        _log = WriteAheadLog.Open(new DiskDirectory(_directory.FullName));
        _group = new LogEntry[GroupSize];
        for (var count = 0; count < 256 / GroupSize; count++) AppendAndSync();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _log.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>One group, appended and on disk when it returns.</summary>
    [Benchmark]
    public ulong AppendAndSync()
    {
        var next = _log.Last.Index + 1;
        for (var index = 0; index < _group.Length; index++) _group[index] = new LogEntry(next + (ulong)index, 1, 1, _payload);
        _log.Append(null, _group);
        _log.Sync();
        if (_log.Last.Index - _log.Base.Index > 2 * KeptCount) _log.Compact(_log.Last.Index - KeptCount);
        return _log.Last.Index;
    }

    /// <summary>Reads the last 256 entries back, for a follower that lags.</summary>
    [Benchmark]
    public ulong Read()
    {
        ulong sum = 0;
        foreach (var entry in _log.Read(_log.Last.Index - 255, _log.Last.Index + 1, long.MaxValue)) sum += entry.Index + (ulong)entry.Payload.Length;
        return sum;
    }
}
