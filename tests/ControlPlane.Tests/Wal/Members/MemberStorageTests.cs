using ControlPlane.Tests.Wal.Logs;
using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;
using static ControlPlane.Tests.Wal.Logs.LogWords;

namespace ControlPlane.Tests.Wal.Members;

public sealed class MemberStorageTests
{
    private static readonly MemberIdentity Identity = new(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 3, "s3");

    [Fact]
    public void The_identity_is_durable_and_cannot_be_changed()
    {
        var disk = new FakeDisk();
        using (var storage = MemberStorage.Open(disk))
        {
            Assert.Null(storage.Identity);
            storage.SetIdentity(Identity);
        }

        using var reopened = MemberStorage.Open(disk.AfterPowerCut(_ => false));
        Assert.Equal(Identity, reopened.Identity);
        reopened.SetIdentity(Identity);
        Assert.Throws<InvalidOperationException>(() => reopened.SetIdentity(Identity with { MemberId = 4 }));
    }

    [Fact]
    public void An_identity_flipped_anywhere_is_refused()
    {
        var disk = Member();
        var bytes = disk.Bytes("identity");
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            disk.Replace("identity", flipped);
            Assert.Throws<DamagedException>(() => MemberStorage.Open(disk));
        }
    }

    [Fact]
    public void A_member_whose_log_was_wiped_may_not_start_as_if_it_were_new()
    {
        var disk = Member();
        foreach (var name in disk.List().Where(name => name != "identity")) disk.Delete(name);

        Assert.Contains("its log is gone", Assert.Throws<DamagedException>(() => MemberStorage.Open(disk)).Message);
    }

    [Fact]
    public void A_crash_between_a_received_snapshot_and_the_log_is_mended_at_the_start()
    {
        var disk = Member();
        using (var storage = MemberStorage.Open(disk))
        {
            storage.Log.Append(new HardState(2, 1, 1), [Entry(1, 1, "a"), Entry(2, 1, "b")]);
            storage.Log.Sync();
            Snapshot(storage.Snapshots, new LogPoint(50, 4));
        }

        using var reopened = MemberStorage.Open(disk.AfterPowerCut(_ => false));
        Assert.Equal(new LogPoint(50, 4), reopened.Snapshot!.Point);
        Assert.Equal("state 4/0/50 base 50 |", reopened.Log.Line());
    }

    [Fact]
    public void A_snapshot_of_the_members_own_entries_leaves_the_log_as_it_is()
    {
        var disk = Member();
        using (var storage = MemberStorage.Open(disk))
        {
            storage.Log.Append(new HardState(2, 1, 1), [Entry(1, 1, "a"), Entry(2, 1, "b")]);
            storage.Log.Sync();
            Snapshot(storage.Snapshots, new LogPoint(1, 1));
        }

        using var reopened = MemberStorage.Open(disk);
        Assert.Equal("state 2/1/1 base 0 | 1:a 1:b", reopened.Log.Line());
    }

    [Fact]
    public void A_log_whose_snapshot_is_gone_is_refused()
    {
        var disk = Member();
        using (var storage = MemberStorage.Open(disk))
        {
            storage.Log.Append(new HardState(2, 1, 2), [Entry(1, 1, "a"), Entry(2, 1, "b")]);
            Snapshot(storage.Snapshots, new LogPoint(2, 1));
            storage.Log.Compact(2);
        }

        disk.Delete(disk.List().Single(name => name.EndsWith(".snap", StringComparison.Ordinal)));
        Assert.Contains("begins after entry 2", Assert.Throws<DamagedException>(() => MemberStorage.Open(disk)).Message);
    }

    private static FakeDisk Member()
    {
        var disk = new FakeDisk();
        using var storage = MemberStorage.Open(disk, new LogOptions { SegmentBytes = 512 });
        storage.SetIdentity(Identity);
        return disk;
    }

    private static void Snapshot(SnapshotShelf shelf, LogPoint point)
    {
        using var writer = shelf.Create(new SnapshotInfo(point, default));
        writer.Write([1, 2, 3]);
        writer.Complete();
    }
}
