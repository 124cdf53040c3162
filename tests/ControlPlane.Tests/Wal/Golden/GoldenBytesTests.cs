using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ControlPlane.Tests.Architecture;
using ControlPlane.Tests.Wal.Logs;
using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Snapshots;
using static ControlPlane.Tests.Wal.Logs.LogWords;

namespace ControlPlane.Tests.Wal.Golden;

/// <summary>The bytes of format version 1, as docs/formats shows them and as files of this version lie on people's disks: written so, and read for ever.
/// <c>UPDATE_GOLDEN=1</c> rewrites the files beside this test; the documents are compared, never written.</summary>
public sealed class GoldenBytesTests
{
    private const ulong Term = 7;

    [Theory]
    [InlineData("wal-v1.txt", "wal-0000000000000001.log")]
    [InlineData("mark-v1.txt", "durable.mark")]
    [InlineData("identity-v1.txt", "identity")]
    [InlineData("snapshot-v1.txt", "snapshot-0000000000000002-0000000000000007.snap")]
    public void A_file_is_written_as_version_1_was(string golden, string name)
    {
        RequireGolden(golden, Written().Bytes(name));
    }

    [Fact]
    public void Files_of_version_1_open_for_ever()
    {
        var disk = new FakeDisk();
        disk.Replace("wal-0000000000000001.log", Bytes("wal-v1.txt"));
        disk.Replace("durable.mark", Bytes("mark-v1.txt"));
        disk.Replace("identity", Bytes("identity-v1.txt"));
        disk.Replace("snapshot-0000000000000002-0000000000000007.snap", Bytes("snapshot-v1.txt"));

        using var storage = MemberStorage.Open(disk);

        Assert.Equal(new MemberIdentity(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 3, "s3"), storage.Identity);
        Assert.Equal("state 7/3/2 base 0 | 7:hello 7:", storage.Log.Line());
        using var snapshot = storage.Snapshots.OpenNewest(out _)!;
        Assert.Equal("s1,s2,s3", Encoding.UTF8.GetString(snapshot.Info.Configuration.Span));
        var content = new byte[100];
        Assert.Equal("hello, snapshot", Encoding.UTF8.GetString(content, 0, snapshot.Read(content)));
    }

    [Fact]
    public void Segments_with_a_base_and_with_a_reset_are_written_and_read_as_in_version_1()
    {
        var disk = new FakeDisk();
        var options = new LogOptions { SegmentBytes = 320 };
        using (var log = WriteAheadLog.Open(disk, options))
        {
            log.Append(new HardState(Term, 3, 2), [Entry(1, Term, "a"), Entry(2, Term, "b")]);
            log.Compact(1);
            RequireGolden("wal-base-v1.txt", disk.Bytes("wal-0000000000000001.log"));
            log.Reset(new LogPoint(5, Term + 1), new HardState(Term + 1, 0, 5));
            log.Append(Entry(6, Term + 1, "f"));
            log.Sync();
        }

        RequireGolden("wal-reset-v1.txt", disk.Bytes("wal-0000000000000002.log"));
        Assert.Equal("state 7/3/2 base 1 | 7:b", LineOf("wal-base-v1.txt", "wal-0000000000000001.log"));
        Assert.Equal("state 8/0/5 base 5 | 8:f", LineOf("wal-reset-v1.txt", "wal-0000000000000002.log"));
    }

    [Theory]
    [InlineData("docs/formats/wal.md", "wal-v1.txt")]
    [InlineData("docs/formats/wal.md", "mark-v1.txt")]
    [InlineData("docs/formats/wal.md", "identity-v1.txt")]
    [InlineData("docs/formats/snapshot.md", "snapshot-v1.txt")]
    public void The_worked_example_of_the_document_is_these_bytes(string document, string golden)
    {
        var text = Repository.Read(document);
        foreach (var line in File.ReadAllLines(PathOf(golden)).Where(line => line.Length > 0))
            Assert.Contains(line, text);
    }

    private static void RequireGolden(string golden, byte[] bytes)
    {
        var dump = Dump(bytes);
        var path = PathOf(golden);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(path, dump);

        Assert.Equal(File.ReadAllText(path), dump);
    }

    private static string LineOf(string golden, string name)
    {
        var disk = new FakeDisk();
        disk.Replace(name, Bytes(golden));
        using var log = WriteAheadLog.Open(disk);
        return log.Line();
    }

    private static string PathOf(string golden) => Path.Combine(Repository.Root, "tests/ControlPlane.Tests/Wal/Golden", golden);

    private static FakeDisk Written()
    {
        var disk = new FakeDisk();
        using var storage = MemberStorage.Open(disk, new LogOptions { SegmentBytes = 320 });
        storage.SetIdentity(new MemberIdentity(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 3, "s3"));
        storage.Log.Append(new HardState(Term, 3, 2), [Entry(1, Term, "hello")]);
        storage.Log.Sync();
        storage.Log.Append(Entry(2, Term, ""));
        storage.Log.Sync();
        using var writer = storage.Snapshots.Create(new SnapshotInfo(new LogPoint(2, Term), Encoding.UTF8.GetBytes("s1,s2,s3")));
        writer.Write("hello, snapshot"u8);
        writer.Complete();
        return disk;
    }

    /// <summary>Sixteen bytes a line, with offsets; lines of zeros left out, the last line always there.</summary>
    private static string Dump(byte[] bytes)
    {
        var text = new StringBuilder();
        for (var offset = 0; offset < bytes.Length; offset += 16)
        {
            var line = bytes.AsSpan(offset, Math.Min(16, bytes.Length - offset));
            if (line.ContainsAnyExcept((byte)0) || offset + 16 >= bytes.Length)
                text.Append(CultureInfo.InvariantCulture, $"{offset:x4}  {Regex.Replace(Convert.ToHexStringLower(line), "(.{8})(?=.)", "$1 ")}\n");
        }

        return text.ToString();
    }

    private static byte[] Bytes(string golden)
    {
        var lines = File.ReadAllLines(PathOf(golden)).Where(line => line.Length > 0)
            .Select(line => (Offset: int.Parse(line[..4], NumberStyles.HexNumber, CultureInfo.InvariantCulture), Bytes: Convert.FromHexString(line[6..].Replace(" ", ""))))
            .ToList();
        var bytes = new byte[lines[^1].Offset + lines[^1].Bytes.Length];
        foreach (var line in lines) line.Bytes.CopyTo(bytes, line.Offset);
        return bytes;
    }
}
