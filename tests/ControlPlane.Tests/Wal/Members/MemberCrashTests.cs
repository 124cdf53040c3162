using System.Text;
using ControlPlane.Tests.Wal.Logs;
using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;
using static ControlPlane.Tests.Wal.Logs.LogWords;

namespace ControlPlane.Tests.Wal.Members;

/// <summary>Log, snapshots and identity together: cut or failing at any operation, what is found afterwards joins without a gap and holds everything acknowledged.</summary>
public sealed class MemberCrashTests
{
    private static readonly LogOptions Small = new() { SegmentBytes = 1024, SpareSegmentsMax = 1 };

    private static readonly MemberIdentity Identity = new(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 3, "s3");

    [Fact]
    public void A_power_cut_at_any_operation_leaves_a_member_that_goes_on()
    {
        var random = new Random(5);
        var crashes = 0;
        for (var at = 0; ; at++, crashes++)
        {
            var (disk, promise, exception) = LiveUntil(at, _ => throw new PowerCutException());
            if (exception is null) break;
            Assert.IsType<PowerCutException>(exception);
            foreach (var after in disk.AfterPowerCuts(countMax: 16, random)) RequireKept(after, promise, $"cut at operation {at}");
            RequireKept(disk.Copy(), promise, $"killed at operation {at}");
        }

        Assert.True(crashes > 60, $"{crashes} crash points");
    }

    [Fact]
    public void A_failure_of_any_operation_is_reported_and_leaves_a_member_that_goes_on()
    {
        for (var at = 0; ; at++)
        {
            var (disk, promise, exception) = LiveUntil(at, what => throw new IOException($"refused: {what}"));
            if (exception is null) break;
            Assert.True(exception is StorageFailedException or StorageFullException or IOException, exception.ToString());
            RequireKept(disk.Copy(), promise, $"failed at operation {at}: {exception.Message}");
            RequireKept(disk.AfterPowerCut(_ => false), promise, $"failed at operation {at} and cut: {exception.Message}");
        }
    }

    private static (FakeDisk Disk, Promise Promise, Exception? Exception) LiveUntil(int operation, Action<string> fault)
    {
        var disk = new FakeDisk();
        var promise = new Promise();
        disk.OnOperation = (number, what) =>
        {
            if (number == operation) fault(what);
        };
        try
        {
            Live(disk, promise);
            return (disk, promise, disk.Operations > operation + 1 ? new IOException("passed over") : null);
        }
        catch (Exception exception) when (exception is PowerCutException or IOException or StorageFailedException or StorageFullException)
        {
            return (disk, promise, exception);
        }
        finally
        {
            disk.OnOperation = null;
        }
    }

    /// <summary>A member's life: writes, own snapshots with compaction, a snapshot from the leader with what comes after it.</summary>
    private static void Live(FakeDisk disk, Promise promise)
    {
        using var storage = MemberStorage.Open(disk, Small);
        storage.SetIdentity(Identity);
        promise.HasIdentity = true;

        Write(storage, promise, new HardState(1, 2, 0), from: 1, count: 4);
        Save(storage, promise, new LogPoint(3, 1));
        storage.Log.Compact(2);
        Write(storage, promise, new HardState(1, 2, 4), from: 5, count: 6);
        // The tail is replaced by the next leader's.
        promise.Entries.RemoveAll(entry => entry.Index >= 8);
        Write(storage, promise, new HardState(2, 1, 7), from: 8, count: 2);

        Receive(storage, promise, new LogPoint(20, 3));
        var state = new HardState(3, 0, 20);
        promise.Attempted = 20;
        storage.Log.Reset(new LogPoint(20, 3), state);
        promise.State = state;

        Write(storage, promise, new HardState(3, 1, 20), from: 21, count: 4);
        Save(storage, promise, new LogPoint(22, 3));
        storage.Log.Compact(22);
        Save(storage, promise, new LogPoint(24, 3));
        storage.Log.Compact(23);
        Write(storage, promise, new HardState(3, 1, 24), from: 25, count: 3);
    }

    private static void Write(MemberStorage storage, Promise promise, HardState state, ulong from, int count)
    {
        var entries = Enumerable.Range(0, count).Select(number => Entry(from + (ulong)number, state.Term, new string('x', 70 * number))).ToArray();
        promise.Attempted = Math.Max(promise.Attempted, entries[^1].Index);
        storage.Log.Append(state, entries);
        storage.Log.Sync();
        promise.Entries.AddRange(entries);
        promise.State = state;
    }

    private static void Save(MemberStorage storage, Promise promise, LogPoint point)
    {
        using var writer = storage.Snapshots.Create(new SnapshotInfo(point, default));
        writer.Write(ContentOf(point));
        writer.Complete();
        promise.Snapshot = point;
    }

    private static void Receive(MemberStorage storage, Promise promise, LogPoint point)
    {
        var leader = new SnapshotShelf(new FakeDisk());
        using (var writer = leader.Create(new SnapshotInfo(point, default)))
        {
            writer.Write(ContentOf(point));
            writer.Complete();
        }

        using var sent = leader.Open(point);
        using var receiver = storage.Snapshots.Receive();
        var piece = new byte[700];
        for (var read = sent.ReadFile(0, piece); read > 0; read = sent.ReadFile(receiver.Received, piece)) receiver.TryWrite(receiver.Received, piece.AsSpan(0, read));
        // From here on it may be found, and then takes the place of the log.
        promise.Received = point;
        receiver.Complete();
        promise.Snapshot = point;
    }

    // Some sectors, so that a cut can tear it.
    private static byte[] ContentOf(LogPoint point) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"state after {point.Index} ", 100)));

    private static void RequireKept(FakeDisk disk, Promise promise, string story)
    {
        try
        {
            using (var storage = MemberStorage.Open(disk, Small))
            {
                promise.RequireKept(storage);
                // And it goes on.
                storage.Log.Append(Entry(storage.Log.Last.Index + 1, storage.Log.HardState.Term, "next"));
                storage.Log.Sync();
            }

            using var again = MemberStorage.Open(disk.AfterPowerCut(_ => false), Small);
            promise.RequireKept(again, isLonger: true);
        }
        catch (Exception exception)
        {
            throw new Xunit.Sdk.XunitException($"{story}\n{exception}");
        }
    }

    private sealed class Promise
    {
        public bool HasIdentity { get; set; }

        public List<LogEntry> Entries { get; } = [];

        public ulong Attempted { get; set; }

        public HardState State { get; set; }

        public LogPoint Snapshot { get; set; }

        public LogPoint Received { get; set; }

        public void RequireKept(MemberStorage storage, bool isLonger = false)
        {
            var log = storage.Log;
            if (HasIdentity) Assert.Equal(Identity, storage.Identity);
            Assert.Empty(storage.SnapshotDamage);
            var snapshot = storage.Snapshot?.Point ?? LogPoint.Zero;
            Assert.True(snapshot.Index >= Snapshot.Index, $"snapshot {snapshot}, acknowledged {Snapshot}");
            Assert.True(log.Base.Index <= snapshot.Index, $"the log begins after {log.Base}, the snapshot ends at {snapshot}");
            Assert.True(log.Last.Index >= snapshot.Index && log.Last.Index <= Math.Max(Attempted, Received.Index) + (isLonger ? 1UL : 0), $"the log ends at {log.Last}");
            foreach (var entry in Entries.Where(entry => entry.Index > snapshot.Index))
            {
                var found = Assert.Single(log.Read(entry.Index, entry.Index + 1, 1));
                Assert.Equal((entry.Term, entry.Payload.Length), (found.Term, found.Payload.Length));
            }

            Assert.True(log.HardState.Term >= State.Term && log.HardState.Commit >= State.Commit, $"{log.HardState}, acknowledged {State}");
            if (log.HardState.Term == State.Term && State.Vote != 0) Assert.Equal(State.Vote, log.HardState.Vote);
            if (storage.Snapshot is null) return;
            using var reader = storage.Snapshots.Open(snapshot);
            var content = new byte[ContentOf(snapshot).Length];
            Assert.Equal(content.Length, reader.Read(content));
            Assert.Equal(ContentOf(snapshot), content);
        }
    }

    private sealed class PowerCutException : Exception;
}
