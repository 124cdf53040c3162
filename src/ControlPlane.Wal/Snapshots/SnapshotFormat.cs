using System.Buffers.Binary;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Snapshots;

/// <summary>The bytes of a snapshot file; docs/formats/snapshot.md has a worked example.</summary>
/// <remarks>
/// <code>
/// header   u64 magic "CPSNAPSH" | u32 version 1 | u32 configuration length | u64 index | u64 term | configuration | u32 checksum of it all
/// chunk    u32 length, 1 to 262144 | u32 checksum of (checksum before, length, content) | content
/// trailer  u32 0 | u32 checksum of (checksum before, 0, content bytes) | u64 content bytes in all
/// </code>
/// Little-endian. Each checksum takes in the one before it, so that a chunk lost, doubled or moved is found.
/// </remarks>
internal static class SnapshotFormat
{
    public const int HeaderFixedSize = 32;
    public const int FrameSize = 8;
    public const int TrailerSize = FrameSize + 8;

    /// <summary>256 KiB: large against its 8 bytes of frame, small against anybody's memory.</summary>
    public const int ChunkSizeMax = 256 << 10;

    /// <summary>1 MiB: thousands of members; a length above it is damage.</summary>
    public const int ConfigurationLengthMax = 1 << 20;

    private const uint Version = 1;

    private static ReadOnlySpan<byte> Magic => "CPSNAPSH"u8;

    public static byte[] Header(SnapshotInfo info, out uint checksum)
    {
        var configuration = info.Configuration.Span;
        var bytes = new byte[HeaderFixedSize + configuration.Length + 4];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), configuration.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), info.Point.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), info.Point.Term);
        configuration.CopyTo(bytes.AsSpan(HeaderFixedSize));
        checksum = Checksum.Of(bytes.AsSpan(0, bytes.Length - 4));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), checksum);
        return bytes;
    }

    /// <exception cref="DamagedException">The bytes are not a header.</exception>
    public static SnapshotInfo ReadHeader(IStorageFile file, string path, out int size, out uint checksum)
    {
        var fixedPart = new byte[HeaderFixedSize];
        if (file.Read(0, fixedPart) < HeaderFixedSize || !fixedPart.AsSpan(0, 8).SequenceEqual(Magic)) throw Damaged(path, 0, "this is not a snapshot");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(fixedPart.AsSpan(8));
        var length = BinaryPrimitives.ReadInt32LittleEndian(fixedPart.AsSpan(12));
        if (length is < 0 or > ConfigurationLengthMax) throw Damaged(path, 12, $"the configuration is said to have {length} bytes");
        var bytes = new byte[HeaderFixedSize + length + 4];
        if (file.Read(0, bytes) < bytes.Length) throw Damaged(path, 0, "the header is cut off");
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4));
        if (Checksum.Of(bytes.AsSpan(0, bytes.Length - 4)) != checksum) throw Damaged(path, 0, "the header does not fit its checksum");
        if (version != Version)
            throw new DamagedException(path, 8, $"the snapshot has format version {version}, this program reads {Version}", "Start the version of the program that wrote it");
        size = bytes.Length;
        return new SnapshotInfo(
            new LogPoint(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(24))),
            bytes.AsMemory(HeaderFixedSize, length));
    }

    /// <summary>The checksum of a chunk, or with no content and the total's eight bytes, of the trailer.</summary>
    public static uint Chain(uint previous, int length, ReadOnlySpan<byte> content)
    {
        Span<byte> frame = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, previous);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], length);
        return ~Checksum.Continue(Checksum.Continue(uint.MaxValue, frame), content);
    }

    public static DamagedException Damaged(string path, long offset, string problem) =>
        new(path, offset, problem, "Remove the file if an older snapshot and the log after it are still there; else add this member anew, so that its peers fill it");
}
