using System.IO.MemoryMappedFiles;

namespace ControlPlane.Benchmarks.Nemesis.Disks;

/// <summary>The faults of one member's disk and clock, in the page of shared memory that <c>faults.c</c> reads.</summary>
internal sealed class FaultPage : IDisposable
{
    private const int SizeBytes = 4096;
    private const int NoSpace = 28;
    private const int InputOutput = 5;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _page;

    public FaultPage(string path)
    {
        Path = path;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, SizeBytes);
        _page = _file.CreateViewAccessor();
    }

    public string Path { get; }

    /// <summary>Syncs so far; 0 means that the library is not in the member's way.</summary>
    public long SyncCount => _page.ReadInt64(32);

    public void SlowSyncs(TimeSpan delay) => _page.Write(0, (long)delay.TotalMicroseconds);

    public void FailSyncs() => _page.Write(8, (long)InputOutput);

    public void Fill() => _page.Write(16, (long)NoSpace);

    public void JumpClock(TimeSpan offset) => _page.Write(24, (long)offset.TotalNanoseconds);

    public void Heal()
    {
        for (var at = 0; at < 32; at += 8) _page.Write(at, 0L);
    }

    public void Dispose()
    {
        _page.Dispose();
        _file.Dispose();
    }
}
