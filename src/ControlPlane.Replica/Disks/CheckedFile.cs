using System.Buffers.Binary;
using ControlPlane.Replica.Codecs;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Disks;

/// <summary>A small file that is replaced as a whole: u32 CRC-32C of the rest, little-endian, and the rest.</summary>
internal static class CheckedFile
{
    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="DamagedException">The file is not what was written.</exception>
    public static byte[]? Read(IStorageDirectory directory, string name)
    {
        if (!directory.Exists(name)) return null;
        using var file = directory.Open(name);
        var bytes = new byte[file.Length];
        if (file.Read(0, bytes) != bytes.Length || bytes.Length < sizeof(uint)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Frame.Checksum(bytes.AsSpan(sizeof(uint))))
        {
            throw new DamagedException(Path.Combine(directory.Path, name), 0, "the file does not fit its checksum",
                "Restore the file from a backup, or remove this member and add it anew, so that its peers fill it");
        }

        return bytes[sizeof(uint)..];
    }

    /// <summary>Durable when it returns.</summary>
    public static void Write(IStorageDirectory directory, string name, ReadOnlySpan<byte> content)
    {
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Frame.Checksum(content));
        using (var file = directory.Create(name + ".new"))
        {
            file.Write(0, checksum);
            file.Write(sizeof(uint), content);
            file.Sync();
        }

        directory.Rename(name + ".new", name);
        directory.Sync();
    }
}
