using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;
using static ControlPlane.Tests.Wal.Logs.LogWords;

namespace ControlPlane.Tests.Wal.Logs;

public sealed class RealDiskTests
{
    [Fact]
    public void The_real_disk_and_the_fake_one_hold_the_same_bytes()
    {
        var directory = Directory.CreateTempSubdirectory("cp-wal-");
        try
        {
            var real = new DiskDirectory(Path.Combine(directory.FullName, "made"));
            var fake = new FakeDisk();
            Live(real);
            Live(fake);

            Assert.Equal(fake.List().Order(StringComparer.Ordinal), real.List().Order(StringComparer.Ordinal));
            foreach (var name in fake.List())
                Assert.Equal(fake.Bytes(name), File.ReadAllBytes(Path.Combine(real.Path, name)));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Appends, rolls, compaction, a snapshot, a restart with a torn tail.</summary>
    private static void Live(IStorageDirectory directory)
    {
        var options = new LogOptions { SegmentBytes = 1024 };
        using (var storage = MemberStorage.Open(directory, options))
        {
            storage.SetIdentity(new MemberIdentity(Guid.Empty, 1, "s1"));
            for (ulong index = 1; index <= 60; index++) storage.Log.Append(new HardState(1, 1, 0), [Entry(index, 1, $"entry {index}")]);
            using var writer = storage.Snapshots.Create(new SnapshotInfo(new LogPoint(50, 1), default));
            writer.Write(new byte[300_000]);
            writer.Complete();
            storage.Log.Compact(50);
            storage.Log.Append(Entry(61, 1, "last"));
            storage.Log.Sync();
        }

        var tail = directory.List().Where(name => name.StartsWith("wal-", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        using (var file = directory.Open(tail)) file.Write(file.Length - 8, [1, 2, 3, 4, 5, 6, 7, 8]);
        using var reopened = MemberStorage.Open(directory, options);
        Assert.Equal(11, reopened.Log.Read(51, 62, long.MaxValue).Count);
    }
}
