using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Storage;
using static ControlPlane.Tests.Wal.Logs.LogWords;

namespace ControlPlane.Tests.Wal.Logs;

/// <summary>Disks lose, misplace and forget whole sectors. A log that was acknowledged comes back exactly, or not at all and with the reason; never shorter.</summary>
public sealed class SectorDamageTests
{
    private const int Sector = FakeDisk.SectorSize;

    private static readonly LogOptions Small = new() { SegmentBytes = 4 * Sector };

    [Fact]
    public void A_sector_of_zeros_or_of_noise_is_harmless_or_refused()
    {
        var noise = new byte[Sector];
        new Random(3).NextBytes(noise);
        var outcomes = new Outcomes();
        var disk = Acknowledged(out var line, out _);
        foreach (var (name, offset) in SectorsOf(disk))
        {
            outcomes.Require(With(disk, name, offset, new byte[Sector]), line, $"{name} zeros at {offset}");
            outcomes.Require(With(disk, name, offset, noise), line, $"{name} noise at {offset}");
        }

        outcomes.RequireBoth();
    }

    [Fact]
    public void A_sector_in_the_place_of_any_other_is_harmless_or_refused()
    {
        var outcomes = new Outcomes();
        var disk = Acknowledged(out var line, out _);
        var sectors = SectorsOf(disk).ToList();
        foreach (var (name, offset) in sectors)
        {
            foreach (var (other, otherOffset) in sectors.Where(sector => sector != (name, offset)))
            {
                var misdirected = With(disk, other, otherOffset, SectorAt(disk, name, offset));
                outcomes.Require(misdirected, line, $"{name} {offset} written to {other} {otherOffset}");
                outcomes.Require(With(misdirected, name, offset, SectorAt(disk, other, otherOffset)), line, $"{name} {offset} swapped with {other} {otherOffset}");
            }
        }

        outcomes.RequireBoth();
    }

    [Fact]
    public void A_sector_as_it_was_at_any_earlier_time_is_harmless_or_refused()
    {
        var outcomes = new Outcomes();
        var disk = Acknowledged(out var line, out var past);
        foreach (var (name, offset) in SectorsOf(disk))
        {
            var present = SectorAt(disk, name, offset);
            var versions = past.Where(earlier => earlier.Exists(name) && earlier.Bytes(name).Length >= offset + Sector).Select(earlier => SectorAt(earlier, name, offset));
            foreach (var stale in versions.Where(version => !version.AsSpan().SequenceEqual(present)).DistinctBy(Convert.ToHexString))
                outcomes.Require(With(disk, name, offset, stale), line, $"{name} stale at {offset}");
        }

        outcomes.RequireBoth();
    }

    [Fact]
    public void A_sector_from_before_a_power_cut_does_not_continue_what_was_written_after_it()
    {
        var disk = new FakeDisk();
        using (var log = WriteAheadLog.Open(disk, Small))
        {
            log.Append(Entry(1, 1, new string('k', 56)));
            log.Sync();
        }

        // The same lengths, so that the records' positions and checksums fit; entry 3 begins the second sector. Only the chain tells them apart.
        var past = disk.Copy();
        var name = Assert.Single(disk.List(), file => file.StartsWith("wal-", StringComparison.Ordinal));
        using (var lost = WriteAheadLog.Open(past, Small)) lost.Append(Entry(2, 1, new string('a', 264)), Entry(3, 1, "aaaaaaaa"), Entry(4, 1, "aaaaaaaa"));
        using (var log = WriteAheadLog.Open(disk, Small))
        {
            log.Append(Entry(2, 1, new string('b', 264)), Entry(3, 1, "bbbbbbbb"), Entry(4, 1, "bbbbbbbb"));
            log.Sync();
        }

        var damaged = With(disk, name, Sector, SectorAt(past, name, Sector));
        Assert.Equal(Sector, Assert.Throws<DamagedException>(() => LineOf(damaged)).Offset);
    }

    [Theory]
    [InlineData(1100)]
    [InlineData(1500)]
    public void A_long_value_of_zeros_with_a_flipped_bit_is_not_taken_for_a_torn_write(int length)
    {
        var disk = new FakeDisk();
        string line;
        using (var log = WriteAheadLog.Open(disk, Small))
        {
            log.Append(Entry(1, 1, "before"));
            log.Append(new LogEntry(2, 1, 1, new byte[length]));
            log.Sync();
            line = log.Line();
        }

        var name = Assert.Single(disk.List(), file => file.StartsWith("wal-", StringComparison.Ordinal));
        var record = 96 + 56;
        for (var bit = record * 8; bit < (record + 48 + length) * 8; bit += bit % 61 + 1)
        {
            var bytes = disk.Bytes(name);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            var damaged = disk.Copy();
            damaged.Replace(name, bytes);
            Assert.Equal(record, Assert.Throws<DamagedException>(() => LineOf(damaged)).Offset);
        }

        Assert.Equal(line, LineOf(disk));
    }

    /// <summary>Several segments, replaced entries, a base, a long value of zeros; everything synced. The past is the disk after every step.</summary>
    private static FakeDisk Acknowledged(out string line, out IReadOnlyList<FakeDisk> past)
    {
        var disk = new FakeDisk();
        var steps = new List<FakeDisk>();
        using var log = WriteAheadLog.Open(disk, Small);
        for (ulong index = 1; index <= 12; index++)
        {
            log.Append(new HardState(1, 2, index / 2), [Entry(index, 1, new string((char)('a' + index), 60 * (int)(index % 5)))]);
            Step();
        }

        log.Append(new HardState(2, 3, 8), [Entry(11, 2, "replaced")]);
        Step();
        log.Compact(3);
        Step();
        log.Append(new LogEntry(12, 2, 1, new byte[1200]));
        Step();
        for (ulong index = 13; index <= 18; index++)
        {
            log.Append(Entry(index, 2, $"{index}"));
            Step();
        }

        line = log.Line();
        past = steps;
        return disk;

        void Step()
        {
            log.Sync();
            steps.Add(disk.Copy());
        }
    }

    private static IEnumerable<(string Name, int Offset)> SectorsOf(FakeDisk disk) =>
        disk.List().Order(StringComparer.Ordinal).SelectMany(name => Enumerable.Range(0, disk.Bytes(name).Length / Sector).Select(number => (name, number * Sector)));

    private static byte[] SectorAt(FakeDisk disk, string name, int offset) => disk.Bytes(name)[offset..(offset + Sector)];

    private static FakeDisk With(FakeDisk disk, string name, int offset, byte[] sector)
    {
        var bytes = disk.Bytes(name);
        sector.CopyTo(bytes, offset);
        var changed = disk.Copy();
        changed.Replace(name, bytes);
        return changed;
    }

    private static string LineOf(FakeDisk disk)
    {
        using var log = WriteAheadLog.Open(disk, Small);
        return log.Line();
    }

    private sealed class Outcomes
    {
        private int _harmless;
        private int _refused;

        public void Require(FakeDisk disk, string line, string story)
        {
            try
            {
                var found = LineOf(disk);
                Assert.True(line == found, $"{story}\nfound    {found}\nexpected {line}");
                _harmless++;
            }
            catch (DamagedException exception)
            {
                Assert.NotEmpty(exception.Advice);
                _refused++;
            }
        }

        // All refused would mean that nothing can be started any more, all harmless that nothing was damaged.
        public void RequireBoth() => Assert.True(_harmless > 0 && _refused > 0, $"{_harmless} harmless, {_refused} refused");
    }
}
