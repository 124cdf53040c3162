using System.Buffers.Binary;
using System.Text;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Members;

/// <summary>Keeps a <see cref="MemberIdentity"/> in one small file that is replaced as a whole.</summary>
/// <remarks>
/// <code>u64 magic "CPMEMBER" | u32 version 2 | u32 name length | 16 bytes cluster id, as its text reads | u64 member id | u64 disk id | name in UTF-8 | u32 checksum of it all</code>
/// Little-endian but for the cluster id. Version 1 has no disk id, and is still what an identity without one becomes.
/// </remarks>
internal static class IdentityFile
{
    public const string FileName = "identity";
    private const int FixedSize = 40;
    private const int FixedSizeWithDisk = 48;
    private const int NameLengthMax = 1024;
    private const uint Version = 1;
    private const uint VersionWithDisk = 2;

    private static ReadOnlySpan<byte> Magic => "CPMEMBER"u8;

    public static byte[] Encode(MemberIdentity identity)
    {
        var name = Encoding.UTF8.GetBytes(identity.Name);
        if (name.Length > NameLengthMax) throw new ArgumentException($"a member's name has {name.Length} bytes, the most is {NameLengthMax}", nameof(identity));
        var fixedSize = identity.DiskId == 0 ? FixedSize : FixedSizeWithDisk;
        var bytes = new byte[fixedSize + name.Length + 4];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), identity.DiskId == 0 ? Version : VersionWithDisk);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), name.Length);
        Invariant.That(identity.ClusterId.TryWriteBytes(bytes.AsSpan(16), bigEndian: true, out _));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), identity.MemberId);
        if (identity.DiskId != 0) BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FixedSize), identity.DiskId);
        name.CopyTo(bytes.AsSpan(fixedSize));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Checksum.Of(bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="DamagedException">The file is not what was written.</exception>
    public static MemberIdentity? Read(IStorageDirectory directory)
    {
        if (!directory.Exists(FileName)) return null;
        using var file = directory.Open(FileName);
        var bytes = new byte[Math.Min(file.Length, FixedSizeWithDisk + NameLengthMax + 4)];
        var read = file.Read(0, bytes);
        if (read < FixedSize + 4 || !bytes.AsSpan(0, 8).SequenceEqual(Magic)) throw Damaged(0, "this is not an identity");
        if (Checksum.Of(bytes.AsSpan(0, read - 4)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(read - 4))) throw Damaged(0, "the identity does not fit its checksum");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        if (version is not (Version or VersionWithDisk)) throw Damaged(8, $"the identity has format version {version}, this program reads {Version} and {VersionWithDisk}");
        var fixedSize = version == Version ? FixedSize : FixedSizeWithDisk;
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)) != read - fixedSize - 4) throw Damaged(12, "the name's length does not fit the file");
        return new MemberIdentity(
            new Guid(bytes.AsSpan(16, 16), bigEndian: true),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(32)),
            Encoding.UTF8.GetString(bytes, fixedSize, read - fixedSize - 4))
        {
            DiskId = version == Version ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(FixedSize)),
        };

        DamagedException Damaged(long offset, string problem) => new(
            Path.Combine(directory.Path, FileName), offset, problem, "Restore the file from a backup, or remove this member, empty its data directory and add it anew");
    }

    public static void Write(IStorageDirectory directory, MemberIdentity identity)
    {
        const string temporary = FileName + ".new";
        try
        {
            using (var file = directory.Create(temporary))
            {
                file.Write(0, Encode(identity));
                file.Sync();
            }

            directory.Rename(temporary, FileName);
            directory.Sync();
        }
        catch (IOException exception)
        {
            throw new StorageFailedException($"write {Path.Combine(directory.Path, FileName)}", exception);
        }
    }
}
