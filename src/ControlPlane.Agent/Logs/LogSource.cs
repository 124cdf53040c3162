namespace ControlPlane.Agent.Logs;

/// <summary>The bytes of one container run and the times they came at.</summary>
internal abstract class LogSource : IDisposable
{
    /// <summary>The first offset that is still kept; bytes before it were dropped to bound the log.</summary>
    public abstract long Floor { get; }

    /// <summary>The offset after the last byte so far.</summary>
    public abstract long Length { get; }

    /// <summary>Reads from an offset.</summary>
    /// <returns>How many bytes; 0 at the end so far.</returns>
    public abstract int Read(long offset, Span<byte> buffer);

    /// <summary>When the byte at an offset came, as exact as the index is; null when it is too new to be in the index.</summary>
    public abstract DateTimeOffset? TimeOf(long offset);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
