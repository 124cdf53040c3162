using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Tests.Wal.Snapshots;

public sealed class SnapshotShelfTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(262_143)]
    [InlineData(262_144)]
    [InlineData(600_000)]
    public void A_snapshot_reads_back_as_it_was_written(int length)
    {
        var disk = new FakeDisk();
        var content = Content(length);
        Write(new SnapshotShelf(disk), 5, content);

        using var reader = new SnapshotShelf(disk.AfterPowerCut(_ => false)).OpenNewest(out var damage)!;

        Assert.Empty(damage);
        Assert.Equal(new LogPoint(5, 2), reader.Info.Point);
        Assert.Equal([1, 2, 3], reader.Info.Configuration.ToArray());
        Assert.Equal(content, ReadAll(reader));
    }

    [Fact]
    public void The_newest_and_one_before_it_are_kept()
    {
        var disk = new FakeDisk();
        var shelf = new SnapshotShelf(disk);
        for (ulong index = 1; index <= 4; index++) Write(shelf, index, Content(10));

        Assert.Equal([4UL, 3UL], shelf.Points.Select(point => point.Index));
        Assert.Equal(2, disk.List().Count);
    }

    [Fact]
    public void A_damaged_newest_snapshot_gives_way_to_the_one_before_and_is_reported()
    {
        var disk = new FakeDisk();
        var shelf = new SnapshotShelf(disk);
        Write(shelf, 1, Content(1000));
        Write(shelf, 2, Content(2000));
        var name = disk.List().Max()!;
        var bytes = disk.Bytes(name);

        for (var bit = 0; bit < bytes.Length * 8; bit += bit < 800 ? 1 : 97)
        {
            var flipped = bytes.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            disk.Replace(name, flipped);
            using var reader = shelf.OpenNewest(out var damage)!;
            Assert.Equal(1UL, reader.Info.Point.Index);
            Assert.Equal($"/fake/{name}", Assert.Single(damage).File);
        }
    }

    [Fact]
    public void A_snapshot_cut_anywhere_is_never_taken_for_whole()
    {
        var disk = new FakeDisk();
        Write(new SnapshotShelf(disk), 1, Content(100));
        var name = disk.List().Single();
        var bytes = disk.Bytes(name);

        for (var length = 0; length < bytes.Length; length++)
        {
            disk.Replace(name, bytes[..length]);
            Assert.Null(new SnapshotShelf(disk).OpenNewest(out var damage));
            Assert.Single(damage);
        }

        disk.Replace(name, [.. bytes, 0]);
        Assert.Null(new SnapshotShelf(disk).OpenNewest(out _));
    }

    [Fact]
    public void A_peer_receives_pieces_that_come_twice_or_resume_in_the_middle()
    {
        var source = new SnapshotShelf(new FakeDisk());
        var content = Content(500_000);
        Write(source, 9, content);
        using var sent = source.Open(new LogPoint(9, 2));
        var disk = new FakeDisk();
        var target = new SnapshotShelf(disk);
        using var receiver = target.Receive();
        var piece = new byte[70_000];

        while (receiver.Received < sent.FileLength)
        {
            var offset = Math.Max(0, receiver.Received - 1234);
            var length = sent.ReadFile(offset, piece);
            Assert.True(receiver.TryWrite(offset, piece.AsSpan(0, length)));
            Assert.False(receiver.TryWrite(receiver.Received + 1, piece));
        }

        Assert.Null(target.OpenNewest(out _));
        Assert.Equal(9UL, receiver.Complete().Point.Index);
        using var reader = new SnapshotShelf(disk.AfterPowerCut(_ => false)).OpenNewest(out _)!;
        Assert.Equal(content, ReadAll(reader));
    }

    [Fact]
    public void A_received_snapshot_that_is_cut_or_flipped_is_not_installed()
    {
        var source = new SnapshotShelf(new FakeDisk());
        Write(source, 9, Content(1000));
        using var sent = source.Open(new LogPoint(9, 2));
        var bytes = new byte[sent.FileLength];
        sent.ReadFile(0, bytes);
        var flipped = bytes.ToArray();
        flipped[500] ^= 1;

        foreach (var wrong in new[] { bytes[..^1], flipped, [] })
        {
            var disk = new FakeDisk();
            var shelf = new SnapshotShelf(disk);
            using (var receiver = shelf.Receive())
            {
                receiver.TryWrite(0, wrong);
                Assert.Throws<DamagedException>(receiver.Complete);
            }

            Assert.Empty(disk.List());
        }
    }

    [Fact]
    public void Every_failing_operation_leaves_the_older_snapshot_or_the_newer_one_whole()
    {
        for (var failing = 0; ; failing++)
        {
            var disk = new FakeDisk();
            var shelf = new SnapshotShelf(disk);
            Write(shelf, 1, Content(10));
            var first = disk.Operations;
            disk.OnOperation = (number, what) =>
            {
                if (number == first + failing) throw new IOException($"no space: {what}");
            };

            var exception = Record.Exception(() => Write(shelf, 2, Content(300_000)));

            disk.OnOperation = null;
            foreach (var after in new[] { disk.Copy(), disk.AfterPowerCut(_ => false) })
            {
                using var reader = new SnapshotShelf(after).OpenNewest(out var damage)!;
                Assert.Empty(damage);
                Assert.True(exception is null ? reader.Info.Point.Index == 2 : reader.Info.Point.Index is 1 or 2);
                Assert.DoesNotContain(after.List(), name => name.EndsWith(".new", StringComparison.Ordinal));
            }

            if (exception is null) break;
            Assert.True(exception is StorageFullException or StorageFailedException, exception.ToString());
        }
    }

    private static void Write(SnapshotShelf shelf, ulong index, byte[] content)
    {
        using var writer = shelf.Create(new SnapshotInfo(new LogPoint(index, 2), new byte[] { 1, 2, 3 }));
        for (var offset = 0; offset < content.Length; offset += 1000) writer.Write(content.AsSpan(offset, Math.Min(1000, content.Length - offset)));
        writer.Complete();
    }

    private static byte[] ReadAll(SnapshotReader reader)
    {
        var content = new MemoryStream();
        var buffer = new byte[4096];
        for (var read = reader.Read(buffer); read > 0; read = reader.Read(buffer)) content.Write(buffer, 0, read);
        return content.ToArray();
    }

    private static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(index => (byte)(index * 31 >> 3))];
}
