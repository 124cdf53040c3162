using ControlPlane.Wal.Storage;

namespace ControlPlane.Simulation.Disks;

/// <summary>The bytes behind a file's name: as programs see them, and as they would be after a power cut.</summary>
internal sealed class Inode
{
    private readonly List<Change> _unsynced = [];
    private Content _seen = new();
    private Content _durable = new();

    public long Length => _seen.Length;

    public int Read(long offset, Span<byte> buffer) => _seen.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> bytes) => Make(new Change(offset, bytes.ToArray(), null));

    public void SetLength(long length) => Make(new Change(0, [], length));

    public void Sync()
    {
        foreach (var change in _unsynced) _durable.Apply(change);
        _unsynced.Clear();
    }

    /// <summary>Each change since the last sync is there, is not, or is torn, whatever came after it.</summary>
    public void CutPower(SeededRandom random)
    {
        foreach (var change in _unsynced)
        {
            if (random.Chance(0.4)) _durable.Apply(change);
            else if (random.Chance(0.3) && change.Bytes.Length > 0) _durable.Apply(change with { Bytes = change.Bytes[..random.Below(change.Bytes.Length)] });
        }

        _unsynced.Clear();
        _seen = _durable.Copy();
    }

    private void Make(Change change)
    {
        _seen.Apply(change);
        _unsynced.Add(change);
    }

    private readonly record struct Change(long Offset, byte[] Bytes, long? NewLength);

    private sealed class Content
    {
        private byte[] _bytes = [];

        public int Length { get; private set; }

        public int Read(long offset, Span<byte> buffer)
        {
            var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
            _bytes.AsSpan((int)Math.Min(offset, Length), count).CopyTo(buffer);
            return count;
        }

        public void Apply(Change change)
        {
            if (change.NewLength is { } length) Resize((int)length);
            if (change.Bytes.Length == 0) return;
            var end = (int)change.Offset + change.Bytes.Length;
            if (end > Length) Resize(end);
            change.Bytes.CopyTo(_bytes, change.Offset);
        }

        public Content Copy() => new() { _bytes = [.. _bytes], Length = Length };

        private void Resize(int length)
        {
            if (length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
            if (length < Length) _bytes.AsSpan(length, Length - length).Clear();
            Length = length;
        }
    }
}

/// <summary>An open file of a <see cref="SimulatedDirectory"/>.</summary>
internal sealed class SimulatedFile(SimulatedDirectory directory, Inode inode) : IStorageFile
{
    public long Length => inode.Length;

    public int Read(long offset, Span<byte> buffer) => inode.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        directory.CountOperation();
        inode.Write(offset, bytes);
    }

    public void Allocate(long length)
    {
        directory.CountOperation();
        if (length > inode.Length) inode.SetLength(length);
    }

    public void Truncate(long length)
    {
        directory.CountOperation();
        inode.SetLength(length);
    }

    public void Sync()
    {
        directory.CountOperation();
        inode.Sync();
    }

    public void Dispose()
    {
        // Nothing is held: a process that dies leaves its handles behind just so.
    }
}
