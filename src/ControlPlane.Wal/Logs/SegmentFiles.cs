using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>Makes, finds and frees the files that segments live in.</summary>
internal sealed class SegmentFiles(IStorageDirectory directory, LogOptions options)
{
    private readonly List<string> _spares = [];

    /// <summary>Numbers of the segments that exist, ascending. Half-made ones are removed, spares remembered.</summary>
    public IReadOnlyList<ulong> Find()
    {
        var sequences = new List<ulong>();
        foreach (var name in directory.List())
        {
            if (SegmentNames.TryParse(name, out var sequence)) sequences.Add(sequence);
            else if (SegmentNames.IsSpare(name)) _spares.Add(name);
            else if (name == SegmentNames.Temporary) directory.Delete(name);
        }

        sequences.Sort();
        _spares.Sort(StringComparer.Ordinal);
        return sequences;
    }

    /// <summary>Makes a segment that exists under its name only once it is complete and durable.</summary>
    /// <param name="sizeMin">Bytes it must have room for.</param>
    /// <param name="failure">Turns a failure after which the directory's state is unknown into what is thrown.</param>
    /// <exception cref="StorageFullException">It could not be made; nothing has changed.</exception>
    public Segment Make(SegmentHeader header, long sizeMin, Func<IOException, Exception>? failure = null)
    {
        var path = Path.Combine(directory.Path, SegmentNames.Of(header.Sequence));
        IStorageFile? file = null;
        var name = SegmentNames.Temporary;
        try
        {
            if (_spares.Count > 0)
            {
                // Its old records are no danger: they carry positions of another place.
                name = _spares[^1];
                _spares.RemoveAt(_spares.Count - 1);
                file = directory.Open(name);
            }
            else
            {
                file = directory.Create(name);
            }

            file.Allocate(Math.Max(options.SegmentBytes, sizeMin));
            var bytes = new byte[SegmentHeader.Size];
            header.Write(bytes);
            file.Write(0, bytes);
            file.Sync();
        }
        catch (IOException exception)
        {
            file?.Dispose();
            Discard(name);
            throw new StorageFullException($"make segment {path}", exception);
        }

        try
        {
            directory.Rename(name, SegmentNames.Of(header.Sequence));
            directory.Sync();
            return new Segment(file, path, header, file.Length);
        }
        catch (IOException exception)
        {
            file.Dispose();
            throw failure?.Invoke(exception) ?? new StorageFailedException($"make segment {path}", exception);
        }
    }

    /// <summary>Gives up segments, oldest first; a few are kept as spares.</summary>
    public void Free(IReadOnlyList<Segment> segments)
    {
        foreach (var segment in segments)
        {
            segment.Dispose();
            var name = SegmentNames.Of(segment.Sequence);
            if (_spares.Count < options.SpareSegmentsMax && segment.Capacity == options.SegmentBytes)
            {
                directory.Rename(name, SegmentNames.SpareOf(segment.Sequence));
                _spares.Add(SegmentNames.SpareOf(segment.Sequence));
            }
            else
            {
                directory.Delete(name);
            }
        }

        directory.Sync();
    }

    private void Discard(string name)
    {
        try
        {
            if (directory.Exists(name)) directory.Delete(name);
        }
        catch (IOException)
        {
            // The next open removes it; what is reported is the failure that led here.
            return;
        }
    }
}
