using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Storage;
using static ControlPlane.Tests.Wal.Logs.LogWords;

namespace ControlPlane.Tests.Wal.Logs;

/// <summary>Whatever was acknowledged before a crash or a failing disk is there after it, and nothing is there that was never written.</summary>
public sealed class LogCrashTests
{
    // Four sectors: records cross their borders, and a write can be torn in several ways.
    private static readonly LogOptions Small = new() { SegmentBytes = 2048, SpareSegmentsMax = 1 };

    [Fact]
    public void A_power_cut_at_any_operation_loses_nothing_acknowledged()
    {
        var random = new Random(1);
        int crashes = 0, disks = 0;
        for (var at = 0; ; at++)
        {
            var (disk, model, exception) = RunUntil(at, (_, _) => throw new PowerCutException());
            if (exception is null) break;
            Assert.IsType<PowerCutException>(exception);
            crashes++;
            foreach (var after in disk.AfterPowerCuts(countMax: 32, random))
            {
                RequireAllowed(after, model, $"cut at operation {at}");
                disks++;
            }

            RequireAllowed(disk.Copy(), model, $"killed at operation {at}");
        }

        Assert.True(crashes > 100 && disks > 1000, $"{crashes} crash points, {disks} disks");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_failure_of_any_operation_is_reported_and_loses_nothing_acknowledged(bool isTorn)
    {
        for (var at = 0; ; at++)
        {
            var (disk, model, exception) = RunUntil(at, (_, what) => throw new IOException($"refused: {what}"), isTorn);
            if (exception is null) break;
            Assert.True(exception is StorageFailedException or StorageFullException or IOException, exception.ToString());
            RequireAllowed(disk.Copy(), model, $"failed at operation {at}: {exception.Message}");
            RequireAllowed(disk.AfterPowerCut(_ => false), model, $"failed at operation {at} and cut: {exception.Message}");
        }
    }

    [Fact]
    public void What_a_restart_shows_after_a_failed_sync_is_on_the_disk()
    {
        for (var at = 0; ; at++)
        {
            var (disk, model, exception) = RunUntil(at, (_, what) =>
            {
                if (what.StartsWith("sync", StringComparison.Ordinal)) throw new IOException("EIO");
                throw new PowerCutException();
            });
            if (exception is null) break;
            var killed = disk.Copy();
            string shown;
            using (var log = WriteAheadLog.Open(killed, Small)) shown = log.Line();
            Assert.Contains(shown, model.Allowed);
            using var after = WriteAheadLog.Open(killed.AfterPowerCut(_ => false), Small);
            Assert.Equal(shown, after.Line());
        }
    }

    [Fact]
    public void A_life_of_many_power_cuts_never_loses_what_was_acknowledged()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var disk = new FakeDisk();
            var model = new LogModel();
            for (var life = 0; life < 8; life++)
            {
                disk.OnOperation = CutAfter(disk.Operations + random.Next(5, 80));
                try
                {
                    using var log = WriteAheadLog.Open(disk, Small);
                    Assert.Contains(log.Line(), model.Allowed);
                    model.Adopt(log);
                    while (true) Step(log, model, random);
                }
                catch (PowerCutException)
                {
                    disk = disk.AfterPowerCut(_ => random.Next(2) == 0);
                }
            }

            RequireAllowed(disk, model, $"seed {seed}");
        }

        static Action<int, string> CutAfter(int operation) => (number, _) =>
        {
            if (number >= operation) throw new PowerCutException();
        };
    }

    private static (FakeDisk Disk, LogModel Model, Exception? Exception) RunUntil(int operation, Action<int, string> fault, bool isTorn = false)
    {
        var disk = new FakeDisk();
        var model = new LogModel();
        disk.OnOperation = (number, what) =>
        {
            if (number == operation) fault(number, what);
        };
        if (isTorn) disk.TornOperation = operation;
        try
        {
            var random = new Random(42);
            var log = WriteAheadLog.Open(disk, Small);
            for (var step = 0; step < 70; step++) Step(log, model, random);
            log.Dispose();
            // A failure of the mark's sync at close is no failure: nothing depends on it.
            return (disk, model, disk.Operations > operation + 1 ? new IOException("passed over") : null);
        }
        catch (Exception exception) when (exception is PowerCutException or IOException or StorageFailedException or StorageFullException)
        {
            return (disk, model, exception);
        }
        finally
        {
            disk.OnOperation = null;
            disk.TornOperation = null;
        }
    }

    /// <summary>One random act on the log, and on the model first: a crash may come after the act took effect.</summary>
    private static void Step(WriteAheadLog log, LogModel model, Random random)
    {
        switch (random.Next(10))
        {
            case 0:
                var state = new HardState(model.HardState.Term + 1, (ulong)random.Next(4), model.HardState.Commit);
                model.Save(state);
                log.Append(state);
                break;
            case 1 or 2 or 3:
                var entries = new List<LogEntry>();
                var first = Math.Max(model.Last + 1 - (ulong)random.Next(3), Math.Max(model.Base, model.HardState.Commit) + 1);
                first = Math.Min(first, model.Last + 1);
                for (var count = random.Next(1, 4); count > 0; count--)
                {
                    var entry = Entry(first++, model.HardState.Term, new string((char)('a' + random.Next(26)), random.Next(random.Next(4) == 0 ? 700 : 90)));
                    entries.Add(entry);
                    model.Append(entry);
                }

                log.Append(null, entries.ToArray());
                break;
            case 4 when model.Last > model.Base:
                var index = model.Base + 1 + (ulong)random.Next((int)Math.Min(8, model.Last - model.Base));
                model.Compact(index);
                log.Compact(index);
                model.Acknowledge();
                break;
            case 5 when random.Next(4) == 0:
                var point = new LogPoint(model.Last + (ulong)random.Next(10), model.HardState.Term);
                var reset = model.HardState with { Commit = Math.Max(point.Index, model.HardState.Commit) };
                model.Reset(point, reset);
                log.Reset(point, reset);
                model.Acknowledge();
                break;
            case 6 when model.Last > model.HardState.Commit:
                var commit = model.HardState with { Commit = model.HardState.Commit + 1 };
                model.Save(commit);
                log.Append(commit);
                break;
            default:
                log.Sync();
                model.Acknowledge();
                break;
        }
    }

    private static void RequireAllowed(FakeDisk disk, LogModel model, string story)
    {
        using var log = WriteAheadLog.Open(disk, Small);
        Assert.True(model.Allowed.Contains(log.Line()), $"{story}\nfound   {log.Line()}\nallowed {string.Join("\n        ", model.Allowed)}");
    }

    private sealed class PowerCutException : Exception;
}
