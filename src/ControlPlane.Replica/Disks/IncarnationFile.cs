using System.Buffers.Binary;
using ControlPlane.Replica.Codecs;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Disks;

/// <summary>Counts a member's starts. u64 count, u32 CRC-32C of it; little-endian.</summary>
internal static class IncarnationFile
{
    private const string FileName = "incarnation";
    private const string NewFileName = "incarnation.new";

    /// <summary>Raises the count; durable when it returns.</summary>
    /// <exception cref="DamagedException">The file is not what was written.</exception>
    public static ulong Raise(IStorageDirectory directory)
    {
        var next = Read(directory) + 1;
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, next);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Frame.Checksum(bytes[..8]));
        using (var file = directory.Create(NewFileName))
        {
            file.Write(0, bytes);
            file.Sync();
        }

        directory.Rename(NewFileName, FileName);
        directory.Sync();
        return next;
    }

    private static ulong Read(IStorageDirectory directory)
    {
        if (!directory.Exists(FileName)) return 0;
        using var file = directory.Open(FileName);
        Span<byte> bytes = stackalloc byte[12];
        if (file.Read(0, bytes) != bytes.Length || BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) != Frame.Checksum(bytes[..8]))
        {
            throw new DamagedException(Path.Combine(directory.Path, FileName), 0, "the count of starts is not as it was written",
                "Restore the file from a backup, or remove this member and add it anew, so that its peers fill it");
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
