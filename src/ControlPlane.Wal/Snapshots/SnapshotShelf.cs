using System.Globalization;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Snapshots;

/// <summary>The snapshots of one member: the newest and one before it, in case the newest turns out damaged. Any thread may call.</summary>
public sealed class SnapshotShelf
{
    /// <summary>The newest and its predecessor.</summary>
    private const int KeptCount = 2;

    private readonly IStorageDirectory _directory;
    private readonly Lock _gate = new();
    private int _pendingNumber;

    /// <summary>Opens the shelf and removes what an interrupted writer left.</summary>
    public SnapshotShelf(IStorageDirectory directory)
    {
        _directory = directory;
        foreach (var name in directory.List())
        {
            if (name.StartsWith("snapshot-", StringComparison.Ordinal) && name.EndsWith(".new", StringComparison.Ordinal)) directory.Delete(name);
        }
    }

    /// <summary>The snapshots by name, newest first; their content is not looked at.</summary>
    public IReadOnlyList<LogPoint> Points
    {
        get
        {
            lock (_gate)
            {
                return [.. _directory.List()
                    .Select(name => TryParse(name, out var point) ? point : (LogPoint?)null)
                    .OfType<LogPoint>()
                    .OrderByDescending(point => point.Index).ThenByDescending(point => point.Term)];
            }
        }
    }

    /// <summary>Opens the newest snapshot that is whole; reads all of it once to know.</summary>
    /// <param name="damage">Of newer snapshots that are not; for the operator.</param>
    /// <returns>Null when there is none.</returns>
    public SnapshotReader? OpenNewest(out IReadOnlyList<DamagedException> damage)
    {
        var damaged = new List<DamagedException>();
        damage = damaged;
        foreach (var point in Points)
        {
            try
            {
                using (var check = Open(point)) check.Verify();
                return Open(point);
            }
            catch (DamagedException exception)
            {
                damaged.Add(exception);
            }
        }

        return null;
    }

    /// <summary>Opens one snapshot; its chunks are checked as they are read.</summary>
    /// <exception cref="DamagedException">Its header is not what was written, or names another point.</exception>
    /// <exception cref="IOException">There is none of this point (any more).</exception>
    public SnapshotReader Open(LogPoint point)
    {
        var name = NameOf(point);
        var path = Path.Combine(_directory.Path, name);
        var file = _directory.Open(name);
        try
        {
            var reader = new SnapshotReader(file, path);
            return reader.Info.Point == point ? reader : throw SnapshotFormat.Damaged(path, 16, $"the file holds the snapshot of {reader.Info.Point}");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Begins a snapshot of this member's own state.</summary>
    /// <exception cref="StorageFullException">There is no room.</exception>
    public SnapshotWriter Create(SnapshotInfo info) => new(this, Pending(), info);

    /// <summary>Begins a snapshot that a peer sends.</summary>
    /// <exception cref="StorageFullException">There is no room.</exception>
    public SnapshotReceiver Receive() => new(this, Pending());

    /// <summary>Gives a finished file its name and removes what it makes superfluous.</summary>
    internal void Admit(PendingFile file, SnapshotInfo info)
    {
        lock (_gate)
        {
            file.Settle(NameOf(info.Point));
            try
            {
                // Older than the newest two. A snapshot that arrives late, older than what is here, counts as what it is.
                foreach (var point in Points.Skip(KeptCount)) _directory.Delete(NameOf(point));
            }
            catch (IOException exception)
            {
                throw new StorageFailedException($"remove old snapshots in {_directory.Path}", exception);
            }
        }
    }

    private PendingFile Pending()
    {
        lock (_gate) return new PendingFile(_directory, $"snapshot-{++_pendingNumber}.new");
    }

    private static string NameOf(LogPoint point) => $"snapshot-{point.Index:x16}-{point.Term:x16}.snap";

    private static bool TryParse(string name, out LogPoint point)
    {
        point = default;
        const int length = 9 + 16 + 1 + 16 + 5;
        if (name.Length != length || !name.StartsWith("snapshot-", StringComparison.Ordinal) || !name.EndsWith(".snap", StringComparison.Ordinal)) return false;
        if (!TryHex(name.AsSpan(9, 16), out var index) || !TryHex(name.AsSpan(26, 16), out var term)) return false;
        point = new LogPoint(index, term);
        return NameOf(point) == name;
    }

    private static bool TryHex(ReadOnlySpan<char> text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
