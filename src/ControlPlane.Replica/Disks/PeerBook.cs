using ControlPlane.Raft;
using ControlPlane.Replica.Codecs;
using ControlPlane.Wal.Storage;
using MessagePack;

namespace ControlPlane.Replica.Disks;

/// <summary>The disks of the members that this one has met, kept on its own disk: between the first word of a member and the moment when its disk stands in
/// the group's configuration, this is what a wiped member is recognised by.</summary>
internal sealed class PeerBook
{
    private const string FileName = "peers";

    private readonly Lock _gate = new();
    private readonly IStorageDirectory _directory;
    private readonly Dictionary<ReplicaId, ulong> _disks;

    public PeerBook(IStorageDirectory directory)
    {
        _directory = directory;
        _disks = CheckedFile.Read(directory, FileName) is { } bytes ? Pack.Read(bytes, Read) : [];
    }

    /// <summary>Meets a member; the first disk it comes with is its disk, durably so when this returns.</summary>
    /// <returns>False when it came with another one before.</returns>
    public bool TryMeet(ReplicaId member, ulong diskId)
    {
        lock (_gate)
        {
            if (_disks.TryGetValue(member, out var known)) return known == diskId;
            CheckedFile.Write(_directory, FileName, Pack.Write(new Dictionary<ReplicaId, ulong>(_disks) { [member] = diskId }, Write));
            _disks.Add(member, diskId);
            return true;
        }
    }

    /// <summary>The disk a member came with; 0 when it never came.</summary>
    public ulong DiskOf(ReplicaId member)
    {
        lock (_gate) return _disks.GetValueOrDefault(member);
    }

    private static void Write(ref MessagePackWriter writer, Dictionary<ReplicaId, ulong> disks) =>
        Pack.WriteList(ref writer, disks, static (ref MessagePackWriter w, KeyValuePair<ReplicaId, ulong> disk) =>
        {
            w.WriteArrayHeader(2);
            w.Write(disk.Key.Value);
            w.Write(disk.Value);
        });

    private static Dictionary<ReplicaId, ulong> Read(ref MessagePackReader reader) => new(Pack.ReadList(ref reader, static (ref MessagePackReader r) =>
    {
        Pack.Expect(ref r, 2);
        return new KeyValuePair<ReplicaId, ulong>(new ReplicaId(r.ReadUInt64()), r.ReadUInt64());
    }));
}
