using ControlPlane.Wal.Storage;

namespace ControlPlane.Simulation.Disks;

/// <summary>An open file of a <see cref="SimulatedDirectory"/>.</summary>
internal sealed class SimulatedFile(SimulatedDirectory directory, Inode inode, string name) : IStorageFile
{
    public long Length => inode.Length;

    public int Read(long offset, Span<byte> buffer) => inode.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        directory.CountOperation();
        if (directory.IsFull && offset + bytes.Length > inode.Length)
        {
            // A full disk takes what still fits and refuses the rest.
            var room = directory.RoomFor((int)Math.Max(0, inode.Length - offset));
            if (room > 0) inode.Write(offset, bytes[..room]);
            throw directory.Full(name);
        }

        inode.Write(offset, bytes);
    }

    public void Allocate(long length)
    {
        directory.CountOperation();
        if (length <= inode.Length) return;
        if (directory.IsFull) throw directory.Full(name);
        inode.SetLength(length);
    }

    public void Truncate(long length)
    {
        directory.CountOperation();
        inode.SetLength(length);
    }

    public void Sync()
    {
        try
        {
            directory.CountOperation();
        }
        catch (IOException)
        {
            directory.FailSync(inode);
            throw;
        }

        inode.Sync();
    }

    public void Dispose()
    {
        // Nothing is held: a process that dies leaves its handles behind just so.
    }
}
