namespace ControlPlane.Simulation.Disks;

/// <summary>The bytes behind a file's name: as programs see them, and as they would be after a power cut.</summary>
internal sealed class Inode
{
    private const int SectorSizeBytes = 512;

    // A few records.
    private const int TailSizeBytes = 300;

    private readonly List<Change> _unsynced = [];
    private Content _seen = new();
    private Content _durable = new();
    private (long Offset, byte Mask)? _rot;

    public long Length => _seen.Length;

    public bool IsRotten => _rot is not null;

    public int Read(long offset, Span<byte> buffer) => _seen.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> bytes) => Make(new Change(offset, bytes.ToArray(), null));

    public void SetLength(long length) => Make(new Change(0, [], length));

    public void Sync()
    {
        foreach (var change in _unsynced) _durable.Apply(change);
        _unsynced.Clear();
    }

    /// <summary>The sync failed: some of the changes are on the disk, and no later sync will write the others, since their pages count as clean
    /// ("fsyncgate"). Programs still see all of them, until the power goes.</summary>
    public void FailSync(SeededRandom random)
    {
        foreach (var change in _unsynced.Where(_ => random.Chance(0.5))) _durable.Apply(change);
        _unsynced.Clear();
    }

    /// <summary>Each change since the last sync is there, is not, or is there in some of its sectors, whatever came after it.</summary>
    public void CutPower(SeededRandom random)
    {
        foreach (var change in _unsynced)
        {
            if (random.Chance(0.4)) _durable.Apply(change);
            else if (change.Bytes.Length > 0 && random.Chance(0.5)) Tear(change, random);
        }

        _unsynced.Clear();
        _seen = _durable.Copy();
    }

    /// <param name="isTail">Near the last byte that is not zero, else anywhere.</param>
    public string Rot(SeededRandom random, bool isTail)
    {
        var last = _durable.LastWritten;
        var offset = isTail ? Math.Max(0, last - random.Below(TailSizeBytes)) : random.Between(0, _durable.Length - 1);
        var mask = (byte)(1 << random.Below(8));
        _rot = (offset, mask);
        Flip(offset, mask);
        return $"offset {offset}, bit {mask:x2}";
    }

    public void Heal()
    {
        if (_rot is not { } rot) return;
        Flip(rot.Offset, rot.Mask);
        _rot = null;
    }

    private void Flip(long offset, byte mask)
    {
        _durable.Flip(offset, mask);
        _seen.Flip(offset, mask);
    }

    private void Tear(Change change, SeededRandom random)
    {
        for (var at = 0; at < change.Bytes.Length;)
        {
            var size = Math.Min(change.Bytes.Length - at, SectorSizeBytes - (int)((change.Offset + at) % SectorSizeBytes));
            if (random.Chance(0.5)) _durable.Apply(new Change(change.Offset + at, change.Bytes[at..(at + size)], null));
            at += size;
        }
    }

    private void Make(Change change)
    {
        _seen.Apply(change);
        _unsynced.Add(change);
        if (_rot is not { } rot) return;
        if (change.NewLength <= rot.Offset || (rot.Offset >= change.Offset && rot.Offset < change.Offset + change.Bytes.Length)) _rot = null;
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

        public int LastWritten => Math.Max(0, _bytes.AsSpan(0, Length).LastIndexOfAnyExcept((byte)0));

        public void Flip(long offset, byte mask)
        {
            if (offset < Length) _bytes[offset] ^= mask;
        }

        public Content Copy() => new() { _bytes = _bytes[..Length], Length = Length };

        private void Resize(int length)
        {
            if (length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
            if (length < Length) _bytes.AsSpan(length, Length - length).Clear();
            Length = length;
        }
    }
}
