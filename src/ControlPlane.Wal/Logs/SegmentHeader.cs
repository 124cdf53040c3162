using System.Buffers.Binary;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>The first bytes of a segment: which one it is, how it joins the one before, and the state at that point, so that older segments
/// can go.</summary>
/// <remarks>
/// <code>
///  0  u64  magic "CPWALSEG"
///  8  u32  format version, 1
/// 12  u32  previous   checksum of the last record of the segment before, 0 in the first
/// 16  u64  sequence number, 1 for the first segment; also in the file's name
/// 24  u64  position   of the first record in the whole log
/// 32  u64  base index, 40 u64 base term
/// 48  u64  last index, 56 u64 last term
/// 64  u64  term, 72 u64 vote, 80 u64 commit
/// 88  u32  0
/// 92  u32  checksum   CRC-32C of everything before it; the first record's `previous`
/// </code>
/// </remarks>
internal readonly record struct SegmentHeader(
    uint Previous, ulong Sequence, long Position, LogPoint Base, LogPoint Last, HardState HardState)
{
    public const int Size = 96;
    private const uint Version = 1;

    private static ReadOnlySpan<byte> Magic => "CPWALSEG"u8;

    /// <returns>The header's checksum.</returns>
    public uint Write(Span<byte> target)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], Previous);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Position);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], Base.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], Base.Term);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], Last.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(target[56..], Last.Term);
        BinaryPrimitives.WriteUInt64LittleEndian(target[64..], HardState.Term);
        BinaryPrimitives.WriteUInt64LittleEndian(target[72..], HardState.Vote);
        BinaryPrimitives.WriteUInt64LittleEndian(target[80..], HardState.Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(target[88..], 0);
        var checksum = Checksum.Of(target[..92]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[92..], checksum);
        return checksum;
    }

    /// <exception cref="DamagedException">The bytes are not a header of this segment.</exception>
    public static SegmentHeader Read(IStorageFile file, string path, ulong sequence, out uint checksum)
    {
        Span<byte> source = stackalloc byte[Size];
        if (file.Read(0, source) < Size) throw Damaged($"the segment's header needs {Size} bytes, the file has {file.Length}");
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(source[92..]);
        if (!source[..8].SequenceEqual(Magic)) throw Damaged("this is not a segment of the log");
        if (Checksum.Of(source[..92]) != checksum) throw Damaged("the segment's header does not fit its checksum");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        if (version != Version)
            throw new DamagedException(path, 8, $"the segment has format version {version}, this program reads {Version}", "Start the version of the program that wrote it");
        var header = new SegmentHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            new LogPoint(BinaryPrimitives.ReadUInt64LittleEndian(source[32..]), BinaryPrimitives.ReadUInt64LittleEndian(source[40..])),
            new LogPoint(BinaryPrimitives.ReadUInt64LittleEndian(source[48..]), BinaryPrimitives.ReadUInt64LittleEndian(source[56..])),
            new HardState(
                BinaryPrimitives.ReadUInt64LittleEndian(source[64..]),
                BinaryPrimitives.ReadUInt64LittleEndian(source[72..]),
                BinaryPrimitives.ReadUInt64LittleEndian(source[80..])));
        if (header.Sequence != sequence) throw Damaged($"the file is named as segment {sequence} but holds segment {header.Sequence}");
        return header;

        DamagedException Damaged(string problem) => new(path, 0, problem, LogAdvice.Repair);
    }
}
