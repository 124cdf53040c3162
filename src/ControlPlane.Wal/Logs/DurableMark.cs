using System.Buffers.Binary;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>Remembers, outside the log, how far the log has been synced: without it a damaged last record could not be told from a torn
/// write, and an acknowledged entry would be cut as if it had never been.</summary>
/// <remarks>
/// Written after each sync and itself synced only at close: a kill keeps it, a power cut may take it a few writes back, never forward. Two slots
/// of 512 bytes (one sector each) written in turn, so that a torn write leaves the other.
/// <code>
///  0  u32  checksum   CRC-32C of bytes 4 to 23
///  4  u32  chain      checksum of the last record before the position
///  8  u64  number of this write; the higher valid slot counts
/// 16  u64  position   up to which the log is on disk
/// </code>
/// </remarks>
internal sealed class DurableMark : IDisposable
{
    public const string FileName = "durable.mark";
    private const int SlotSize = 512;
    private const int UsedSize = 24;

    private readonly IStorageFile _file;
    private readonly byte[] _slot = new byte[UsedSize];
    private ulong _number;

    private DurableMark(IStorageFile file) => _file = file;

    /// <summary>Up to where the log was on disk; 0 when nothing is known.</summary>
    public long Position { get; private set; }

    /// <summary>The checksum of the last record before <see cref="Position"/>.</summary>
    public uint Chain { get; private set; }

    public static DurableMark Open(IStorageDirectory directory)
    {
        if (!directory.Exists(FileName))
        {
            var made = directory.Create(FileName);
            made.Allocate(2 * SlotSize);
            return new DurableMark(made);
        }

        var mark = new DurableMark(directory.Open(FileName));
        Span<byte> slot = stackalloc byte[UsedSize];
        for (var index = 0; index < 2; index++)
        {
            if (mark._file.Read(index * SlotSize, slot) < UsedSize) continue;
            var number = BinaryPrimitives.ReadUInt64LittleEndian(slot[8..]);
            if (number <= mark._number || Checksum.Of(slot[4..]) != BinaryPrimitives.ReadUInt32LittleEndian(slot)) continue;
            mark._number = number;
            mark.Chain = BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]);
            mark.Position = BinaryPrimitives.ReadInt64LittleEndian(slot[16..]);
        }

        return mark;
    }

    /// <summary>Call only once everything before <paramref name="position"/> is on disk.</summary>
    public void Write(long position, uint chain)
    {
        _number++;
        Position = position;
        Chain = chain;
        BinaryPrimitives.WriteUInt32LittleEndian(_slot.AsSpan(4), chain);
        BinaryPrimitives.WriteUInt64LittleEndian(_slot.AsSpan(8), _number);
        BinaryPrimitives.WriteInt64LittleEndian(_slot.AsSpan(16), position);
        BinaryPrimitives.WriteUInt32LittleEndian(_slot, Checksum.Of(_slot.AsSpan(4)));
        _file.Write((long)(_number % 2) * SlotSize, _slot);
    }

    public void Sync() => _file.Sync();

    public void Dispose() => _file.Dispose();
}
