using System.Text;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Offline;

/// <summary>A snapshot in a file, as <c>snapshot save</c> writes it or as it lies in a member's data directory.</summary>
public static class SnapshotFile
{
    // "/registry/batch/jobs/" has four slashes.
    private const int PrefixSlashes = 4;

    /// <summary>Reads all of it.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is not a snapshot, or not whole; says what and where.</exception>
    public static SnapshotReport Inspect(string path)
    {
        var (head, point, state, sizeBytes) = Read(path);
        var view = state.View;
        return new SnapshotReport(
            head.ClusterId, [.. head.Configuration.Members.Select(member => new PeerAddress(member.Name, member.PeerAddress))], head.Configuration.VersionFloor,
            (long)point.Index, (long)point.Term, view.Revision.Value, view.CompactionFloor.Value, view.KeyCount, view.Leases.Count(), view.StateHash,
            sizeBytes, Count(view));
    }

    /// <summary>Checks a synced file and gives it its name; durable when it returns, and what had the name before is replaced only by a whole snapshot.</summary>
    /// <exception cref="IOException">It cannot be read or renamed.</exception>
    /// <exception cref="InvalidDataException">It is not a whole snapshot; it was not renamed.</exception>
    public static SnapshotReport Admit(string path, string name)
    {
        var report = Inspect(path);
        File.Move(path, name, overwrite: true);
        new DiskDirectory(Path.GetDirectoryName(Path.GetFullPath(name))!).Sync();
        return report;
    }

    internal static (ArchiveHead Head, LogPoint Point, ReplicaState State, long SizeBytes) Read(string path)
    {
        try
        {
            using var reader = SnapshotReader.OpenFile(path);
            var state = SnapshotCodec.Read(reader.Read);
            // What follows the state is the trailer; only reading on to it checks it.
            if (reader.Read(new byte[1]) != 0) throw new InvalidDataException("bytes follow the state");
            return (ArchiveHead.Decode(reader.Info.Configuration), reader.Info.Point, state, reader.FileLength);
        }
        catch (Exception problem) when (problem is DamagedException or InvalidDataException)
        {
            throw new InvalidDataException($"{path} is not a whole snapshot: {(problem as DamagedException)?.Problem ?? problem.Message}", problem);
        }
    }

    private static List<PrefixCount> Count(StoreView view)
    {
        var counts = new Dictionary<string, (long Keys, long Bytes)>();
        foreach (var record in view.Range(ReadOnlyMemory<byte>.Empty, null))
        {
            var prefix = PrefixOf(record.Key.Span);
            var (keys, bytes) = counts.GetValueOrDefault(prefix);
            counts[prefix] = (keys + 1, bytes + record.Value.Length);
        }

        return [.. counts.Select(count => new PrefixCount(count.Key, count.Value.Keys, count.Value.Bytes)).OrderByDescending(count => count.KeyCount).ThenBy(count => count.Prefix, StringComparer.Ordinal)];
    }

    private static string PrefixOf(ReadOnlySpan<byte> key)
    {
        var end = 0;
        var slashes = 0;
        for (var i = 0; i < key.Length && slashes < PrefixSlashes; i++)
        {
            if (key[i] != (byte)'/') continue;
            slashes++;
            end = i + 1;
        }

        return Encoding.UTF8.GetString(key[..end]);
    }
}
