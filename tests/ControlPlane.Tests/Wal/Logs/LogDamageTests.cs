using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Storage;
using static ControlPlane.Tests.Wal.Logs.LogWords;

namespace ControlPlane.Tests.Wal.Logs;

/// <summary>A log that was acknowledged comes back exactly, or not at all and with the reason; never shorter.</summary>
public sealed class LogDamageTests
{
    private static readonly LogOptions Small = new() { SegmentBytes = 512 };

    [Fact]
    public void Any_flipped_bit_is_either_harmless_or_refused_with_its_place()
    {
        var disk = Acknowledged(out var line);
        int harmless = 0, refused = 0;
        foreach (var name in disk.List())
        {
            var bytes = disk.Bytes(name);
            // The mark's two slots are mostly padding, and a spare's content is all of the past: a sample of those will do.
            var step = name.StartsWith("wal-", StringComparison.Ordinal) ? 1 : 5;
            for (var bit = 0; bit < bytes.Length * 8; bit += step)
            {
                var flipped = bytes.ToArray();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                var damaged = disk.Copy();
                damaged.Replace(name, flipped);
                if (IsExactOrRefused(damaged, line, name)) harmless++;
                else refused++;
            }
        }

        Assert.True(harmless > 0 && refused > harmless, $"{harmless} harmless, {refused} refused");
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_either_harmless_or_refused_with_its_place()
    {
        var disk = Acknowledged(out var line);
        foreach (var name in disk.List())
        {
            var bytes = disk.Bytes(name);
            for (var length = 0; length < bytes.Length; length++)
            {
                var damaged = disk.Copy();
                damaged.Replace(name, bytes[..length]);
                IsExactOrRefused(damaged, line, name);
            }
        }
    }

    [Fact]
    public void A_missing_file_is_refused_unless_it_is_only_the_mark()
    {
        var disk = Acknowledged(out var line);
        foreach (var name in disk.List())
        {
            var damaged = disk.Copy();
            damaged.Delete(name);
            if (name == "durable.mark" || name.StartsWith("spare-", StringComparison.Ordinal)) Assert.Equal(line, LineOf(damaged));
            else Assert.Throws<DamagedException>(() => LineOf(damaged));
        }
    }

    [Fact]
    public void Two_blocks_that_changed_places_are_refused()
    {
        var disk = FourSynced();
        var bytes = disk.Bytes(Tail(disk));
        var swapped = bytes.ToArray();
        bytes.AsSpan(96, 56).CopyTo(swapped.AsSpan(152));
        bytes.AsSpan(152, 56).CopyTo(swapped.AsSpan(96));
        disk.Replace(Tail(disk), swapped);

        Assert.Contains("no record of this place", Assert.Throws<DamagedException>(() => LineOf(disk)).Message);
    }

    [Fact]
    public void Without_the_mark_a_later_record_still_testifies_for_a_damaged_one()
    {
        var disk = FourSynced();
        disk.Delete("durable.mark");
        for (var at = 96; at < 96 + 2 * 56; at++)
        {
            var bytes = disk.Bytes(Tail(disk));
            bytes[at] ^= 1;
            var damaged = disk.Copy();
            damaged.Replace(Tail(disk), bytes);

            var exception = Assert.Throws<DamagedException>(() => LineOf(damaged));
            Assert.Contains("had been synced", exception.Message);
            Assert.Equal(at < 152 ? 96 : 152, exception.Offset);
        }
    }

    [Fact]
    public void A_record_torn_at_any_byte_before_its_sync_is_cut_and_never_comes_back()
    {
        var disk = new FakeDisk();
        string before;
        using (var log = WriteAheadLog.Open(disk, Small))
        {
            log.Append(Entry(1, 1, "kept"));
            log.Sync();
            before = log.Line();
            log.Append(Entry(2, 1, new string('t', 40)), Entry(3, 1, "after the torn one"));
        }

        var name = Tail(disk);
        var whole = disk.Bytes(name);
        var start = 96 + 48 + 8;
        for (var torn = start; torn < start + 88; torn++)
        {
            var bytes = whole.ToArray();
            bytes.AsSpan(torn, start + 88 - torn).Clear();
            if (bytes.AsSpan().SequenceEqual(whole)) continue;
            var cut = disk.Copy();
            cut.Replace(name, bytes);
            using (var log = WriteAheadLog.Open(cut, Small))
            {
                Assert.Equal(before, log.Line());
                // The same record again: what followed the torn one fits behind it, and must not rise from the dead.
                log.Append(Entry(2, 1, new string('t', 40)));
                log.Sync();
            }

            using var reopened = WriteAheadLog.Open(cut, Small);
            Assert.Equal(2UL, reopened.Last.Index);
        }
    }

    [Fact]
    public void Reading_an_entry_that_was_damaged_after_opening_is_refused()
    {
        var disk = new FakeDisk();
        using var log = WriteAheadLog.Open(disk, Small);
        log.Append(Entry(1, 1, "sound"), Entry(2, 1, "rotten"));
        using (var file = disk.Open(Tail(disk))) file.Write(96 + 56 + 50, [0]);

        Assert.Single(log.Read(1, 2, 100));
        Assert.Contains("entry 2 is not as it was written", Assert.Throws<DamagedException>(() => log.Read(1, 3, 100)).Message);
    }

    [Fact]
    public void A_newer_format_is_named_as_such()
    {
        var disk = Acknowledged(out _);
        var name = Tail(disk);
        var bytes = disk.Bytes(name);
        bytes[8] = 2;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(92), ControlPlane.Wal.Storage.Checksum.Of(bytes.AsSpan(0, 92)));
        disk.Replace(name, bytes);

        Assert.Contains("format version 2", Assert.Throws<DamagedException>(() => LineOf(disk)).Message);
    }

    /// <summary>Three segments and a spare; replaced entries, a long value of zeros, a base, everything synced.</summary>
    private static FakeDisk Acknowledged(out string line)
    {
        var disk = new FakeDisk();
        using var log = WriteAheadLog.Open(disk, Small);
        for (ulong index = 1; index <= 9; index++) log.Append(new HardState(1, 2, 0), [Entry(index, 1, $"{index}")]);
        log.Sync();
        log.Append(new HardState(2, 3, 5), [Entry(8, 2, "replaced")]);
        log.Sync();
        log.Compact(5);
        log.Append(new LogEntry(9, 2, 1, new byte[300]));
        log.Sync();
        log.Append(Entry(10, 2, "a"));
        log.Sync();
        log.Append(Entry(11, 2, "b"));
        log.Sync();
        line = log.Line();
        return disk;
    }

    /// <summary>One segment with four records of 56 bytes, each synced before the next.</summary>
    private static FakeDisk FourSynced()
    {
        var disk = new FakeDisk();
        using var log = WriteAheadLog.Open(disk, Small);
        for (ulong index = 1; index <= 4; index++)
        {
            log.Append(Entry(index, 1, $"{index}"));
            log.Sync();
        }

        return disk;
    }

    private static bool IsExactOrRefused(FakeDisk disk, string line, string name)
    {
        try
        {
            Assert.Equal(line, LineOf(disk));
            return true;
        }
        catch (DamagedException exception)
        {
            Assert.StartsWith("/fake/", exception.File);
            Assert.True(exception.File.EndsWith(name, StringComparison.Ordinal) || exception.File.EndsWith(Tail(disk), StringComparison.Ordinal), exception.Message);
            Assert.NotEmpty(exception.Advice);
            return false;
        }
    }

    private static string LineOf(FakeDisk disk)
    {
        using var log = WriteAheadLog.Open(disk, Small);
        return log.Line();
    }

    private static string Tail(FakeDisk disk) => disk.List().Where(name => name.StartsWith("wal-", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
}
