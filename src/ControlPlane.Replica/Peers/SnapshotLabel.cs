using System.Buffers.Binary;
using ControlPlane.Wal.Snapshots;

namespace ControlPlane.Replica.Peers;

/// <summary>Tells one snapshot file from another, whoever sends it: its length and its last bytes, which hold a checksum of all of it.</summary>
/// <remarks>24 bytes on the wire: length (8, little-endian), the file's last 16 bytes as two numbers. Two files that are alike in this and differ elsewhere would be
/// found out when the whole is checked, and cost one more transfer.</remarks>
internal readonly record struct SnapshotLabel(long LengthBytes, ulong TrailerStart, ulong TrailerEnd)
{
    public const int Size = 24;

    private const int TrailerSize = 16;

    /// <exception cref="IOException">The file is too short to be a snapshot.</exception>
    public static SnapshotLabel Of(SnapshotReader snapshot)
    {
        var trailer = new byte[TrailerSize];
        if (snapshot.FileLength < TrailerSize || snapshot.ReadFile(snapshot.FileLength - TrailerSize, trailer) < TrailerSize) throw new IOException("the snapshot's file became shorter");
        return new SnapshotLabel(snapshot.FileLength, BinaryPrimitives.ReadUInt64LittleEndian(trailer), BinaryPrimitives.ReadUInt64LittleEndian(trailer.AsSpan(8)));
    }

    public byte[] Encode()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, LengthBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), TrailerStart);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), TrailerEnd);
        return bytes;
    }

    /// <exception cref="InvalidDataException">Not a label.</exception>
    public static SnapshotLabel Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size) throw new InvalidDataException($"a snapshot's label has {Size} bytes, not {bytes.Length}");
        return new SnapshotLabel(BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
    }
}
