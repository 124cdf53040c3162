using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Storage;
using static ControlPlane.Tests.Wal.Logs.LogWords;

namespace ControlPlane.Tests.Wal.Logs;

public sealed class WriteAheadLogTests
{
    private static readonly LogOptions Small = new() { SegmentBytes = 512 };

    [Fact]
    public void An_empty_log_has_no_entries_and_no_state()
    {
        using var log = WriteAheadLog.Open(new FakeDisk());

        Assert.Equal("state 0/0/0 base 0 |", log.Line());
        Assert.Equal(0UL, log.TermAt(0));
        Assert.Null(log.TermAt(1));
    }

    [Fact]
    public void What_was_appended_is_there_after_a_restart_over_many_segments()
    {
        var disk = new FakeDisk();
        using (var log = WriteAheadLog.Open(disk, Small))
        {
            for (ulong index = 1; index <= 40; index++)
            {
                log.Append(new HardState(index, 7, index - 1), [Entry(index, index, $"payload {index}")]);
                log.Sync();
            }

            log.Append(Entry(41, 41, new string('x', 2000)));
            log.Sync();
        }

        Assert.True(disk.List().Count > 10);
        using var reopened = WriteAheadLog.Open(disk, Small);
        Assert.Equal(new LogPoint(41, 41), reopened.Last);
        Assert.Equal(new HardState(40, 7, 39), reopened.HardState);
        Assert.Equal(17UL, reopened.TermAt(17));
        var entries = reopened.Read(1, 42, long.MaxValue);
        Assert.Equal(Enumerable.Range(1, 40).Select(index => $"payload {index}"), entries.Take(40).Select(entry => System.Text.Encoding.UTF8.GetString(entry.Payload.Span)));
        Assert.Equal(2000, entries[40].Payload.Length);
        Assert.Equal(1, entries[0].Kind);
    }

    [Fact]
    public void An_entry_at_or_below_the_last_one_replaces_it_and_all_after_it()
    {
        var disk = new FakeDisk();
        using (var log = WriteAheadLog.Open(disk))
        {
            log.Append(Entry(1, 1, "a"), Entry(2, 1, "b"), Entry(3, 1, "c"));
            log.Append(Entry(2, 2, "B"));
            log.Sync();
            Assert.Equal("state 0/0/0 base 0 | 1:a 2:B", log.Line());
        }

        using var reopened = WriteAheadLog.Open(disk);
        Assert.Equal("state 0/0/0 base 0 | 1:a 2:B", reopened.Line());
    }

    [Fact]
    public void Reading_stops_at_the_bytes_asked_for_but_gives_at_least_one_entry()
    {
        using var log = WriteAheadLog.Open(new FakeDisk());
        log.Append(Entry(1, 1, "aaaa"), Entry(2, 1, "bbbb"), Entry(3, 1, "cccc"));

        Assert.Single(log.Read(1, 4, 0));
        Assert.Equal(2, log.Read(1, 4, 11).Count);
        Assert.Equal(3, log.Read(1, 99, 12).Count);
        Assert.Equal(3UL, Assert.Single(log.Read(3, 4, 100)).Index);
    }

    [Fact]
    public void Compaction_frees_whole_segments_and_keeps_what_comes_after()
    {
        var disk = new FakeDisk();
        using (var log = WriteAheadLog.Open(disk, Small))
        {
            for (ulong index = 1; index <= 100; index++) log.Append(new HardState(1, 2, 0), [Entry(index, 1, $"{index}")]);
            var before = log.SizeBytes;
            log.Compact(95);
            log.Compact(90);

            Assert.True(log.SizeBytes < before / 4);
            Assert.Equal("state 1/2/0 base 95 | 1:96 1:97 1:98 1:99 1:100", log.Line());
            Assert.Equal(1UL, log.TermAt(95));
            Assert.Null(log.TermAt(94));
            Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(95, 96, 1));
        }

        using var reopened = WriteAheadLog.Open(disk, Small);
        Assert.Equal("state 1/2/0 base 95 | 1:96 1:97 1:98 1:99 1:100", reopened.Line());
    }

    [Fact]
    public void Freed_segments_are_used_again_and_their_old_records_stay_dead()
    {
        var disk = new FakeDisk();
        using (var log = WriteAheadLog.Open(disk, Small))
        {
            for (ulong index = 1; index <= 50; index++) log.Append(Entry(index, 1, "same"));
            log.Compact(50);
            Assert.Equal(2, disk.List().Count(name => name.StartsWith("spare-", StringComparison.Ordinal)));
            for (ulong index = 51; index <= 60; index++) log.Append(Entry(index, 1, "same"));
            log.Sync();
        }

        Assert.True(disk.List().Count(name => name.StartsWith("spare-", StringComparison.Ordinal)) < 2);
        using var reopened = WriteAheadLog.Open(disk.Copy(), Small);
        Assert.Equal("state 0/0/0 base 50 |" + string.Concat(Enumerable.Repeat(" 1:same", 10)), reopened.Line());
    }

    [Fact]
    public void A_reset_drops_every_entry_and_goes_on_after_the_snapshot()
    {
        var disk = new FakeDisk();
        using (var log = WriteAheadLog.Open(disk, Small))
        {
            for (ulong index = 1; index <= 20; index++) log.Append(Entry(index, 1, $"{index}"));
            log.Reset(new LogPoint(1000, 5), new HardState(6, 3, 1000));
            log.Append(Entry(1001, 6, "next"));
            log.Sync();
        }

        using var reopened = WriteAheadLog.Open(disk, Small);
        Assert.Equal("state 6/3/1000 base 1000 | 6:next", reopened.Line());
        Assert.Equal(5UL, reopened.TermAt(1000));
    }

    [Fact]
    public void Entries_that_do_not_fit_are_refused_before_anything_is_written()
    {
        using var log = WriteAheadLog.Open(new FakeDisk());
        log.Append(new HardState(1, 0, 2), [Entry(1, 1, "a"), Entry(2, 1, "b"), Entry(3, 1, "c")]);
        log.Compact(1);

        Assert.Throws<ArgumentException>(() => log.Append(Entry(5, 1, "gap")));
        Assert.Throws<ArgumentException>(() => log.Append(Entry(1, 1, "below the base")));
        Assert.Throws<ArgumentException>(() => log.Append(Entry(2, 2, "committed")));
        Assert.Throws<ArgumentException>(() => log.Append(Entry(4, 2, "d"), Entry(6, 2, "f")));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Compact(4));
        Assert.Equal("state 1/0/2 base 1 | 1:b 1:c", log.Line());
    }

    [Fact]
    public void A_failed_sync_is_final()
    {
        var disk = new FakeDisk();
        using var log = WriteAheadLog.Open(disk);
        log.Append(Entry(1, 1, "a"));
        disk.OnOperation = (_, what) =>
        {
            if (what.StartsWith("sync wal-", StringComparison.Ordinal)) throw new IOException("EIO");
        };
        Assert.Contains("sync /fake/wal-", Assert.Throws<StorageFailedException>(log.Sync).Message);

        disk.OnOperation = null;
        Assert.Throws<StorageFailedException>(log.Sync);
        Assert.Throws<StorageFailedException>(() => log.Append(Entry(2, 1, "b")));
    }

    [Fact]
    public void A_full_disk_at_a_roll_loses_nothing_and_the_call_may_be_repeated()
    {
        var disk = new FakeDisk();
        using var log = WriteAheadLog.Open(disk, Small);
        log.Append(Entry(1, 1, new string('a', 300)));
        disk.OnOperation = (_, what) =>
        {
            if (what.StartsWith("allocate", StringComparison.Ordinal)) throw new IOException("No space left on device");
        };
        Assert.Throws<StorageFullException>(() => log.Append(Entry(2, 1, new string('b', 300))));
        Assert.Equal(1UL, log.Last.Index);

        disk.OnOperation = null;
        log.Append(Entry(2, 1, new string('b', 300)));
        log.Sync();
        using var reopened = WriteAheadLog.Open(disk.AfterPowerCut(_ => false), Small);
        Assert.Equal(2UL, reopened.Last.Index);
    }
}
