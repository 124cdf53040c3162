using ControlPlane.Wal.Storage;

namespace ControlPlane.Simulation.Disks;

/// <summary>The machine loses its power, or the process is killed, in the middle of disk work.</summary>
internal sealed class CrashException() : Exception("the simulated process died here");

/// <summary>A directory that forgets, at a power cut, what was not synced: files' bytes sector by sector in any combination, names from some point on.
/// It can also be full, fail, and rot.</summary>
internal sealed class SimulatedDirectory(string path, SeededRandom random) : IStorageDirectory
{
    private readonly List<Action<Dictionary<string, Inode>>> _unsynced = [];
    private Dictionary<string, Inode> _seen = [];
    private Dictionary<string, Inode> _durable = [];
    private Inode? _rotten;

    public string Path { get; } = path;

    /// <summary>Dies at this many operations from now; null is never.</summary>
    public int? CrashAfterOperations { get; set; }

    /// <summary>Fails at this many operations from now, once; null is never.</summary>
    public int? FailAfterOperations { get; set; }

    /// <summary>Nothing can grow.</summary>
    public bool IsFull { get; set; }

    /// <summary>An operation failed since the last start; what is on the disk is anybody's guess.</summary>
    public bool HasFailed { get; set; }

    /// <summary>A bit is not as it was written, and no write has covered it since.</summary>
    public bool IsRotten => _rotten?.IsRotten == true;

    public long SizeBytes => _seen.Values.Sum(inode => inode.Length);

    public IReadOnlyList<string> List() => [.. _seen.Keys];

    public bool Exists(string name) => _seen.ContainsKey(name);

    public IStorageFile Create(string name)
    {
        var inode = new Inode();
        if (IsFull) throw Full(name);
        Change(names => names[name] = inode);
        return new SimulatedFile(this, inode, name);
    }

    public IStorageFile Open(string name) =>
        _seen.TryGetValue(name, out var inode) ? new SimulatedFile(this, inode, name) : throw new FileNotFoundException($"{Path}/{name} does not exist");

    public void Rename(string name, string newName)
    {
        if (!Exists(name)) throw new FileNotFoundException($"{Path}/{name} does not exist");
        Change(names =>
        {
            if (names.Remove(name, out var inode)) names[newName] = inode;
        });
    }

    public void Delete(string name) => Change(names => names.Remove(name));

    public void Sync()
    {
        CountOperation();
        foreach (var change in _unsynced) change(_durable);
        _unsynced.Clear();
    }

    public void CutPower()
    {
        // Names are journalled in order: what is kept is everything up to some point.
        foreach (var change in _unsynced.Take(random.Below(_unsynced.Count + 1))) change(_durable);
        _unsynced.Clear();
        _seen = new(_durable);
        foreach (var inode in _seen.Values.Distinct()) inode.CutPower(random);
        _durable = new(_seen);
    }

    /// <summary>Empties the directory, as an operator does before a member is added anew.</summary>
    public void Wipe()
    {
        _unsynced.Clear();
        _seen.Clear();
        _durable.Clear();
        _rotten = null;
    }

    /// <summary>Turns one bit of one file over; what was written before has reached the disk by then.</summary>
    /// <returns>Where, or null when there is nothing to rot.</returns>
    public string? Rot()
    {
        var names = _seen.Where(file => file.Value.Length > 0).Select(file => file.Key).Order(StringComparer.Ordinal).ToList();
        if (names.Count == 0) return null;
        // What was written last is where damage is easily taken for a torn write.
        var isTail = random.Chance(0.6) && names.Exists(IsSegment);
        var name = isTail ? names.FindLast(IsSegment)! : random.Pick(names);
        foreach (var change in _unsynced) change(_durable);
        _unsynced.Clear();
        foreach (var inode in _seen.Values) inode.Sync();
        _rotten = _seen[name];
        return $"{name} {_rotten.Rot(random, isTail)}";

        static bool IsSegment(string file) => file.StartsWith("wal-", StringComparison.Ordinal);
    }

    /// <summary>The operator brings the bit back.</summary>
    public void Heal()
    {
        _rotten?.Heal();
        _rotten = null;
    }

    public void CountOperation()
    {
        if (FailAfterOperations is { } leftToFail)
        {
            FailAfterOperations = leftToFail > 0 ? leftToFail - 1 : null;
            if (leftToFail <= 0)
            {
                HasFailed = true;
                throw new IOException($"{Path}: input/output error");
            }
        }

        if (CrashAfterOperations is not { } left) return;
        if (left <= 0)
        {
            CrashAfterOperations = null;
            throw new CrashException();
        }

        CrashAfterOperations = left - 1;
    }

    public IOException Full(string name) => new($"{Path}/{name}: no space left on device");

    public void FailSync(Inode inode) => inode.FailSync(random);

    /// <summary>How much of a write still found room.</summary>
    public int RoomFor(int length) => random.Below(length + 1);

    private void Change(Action<Dictionary<string, Inode>> change)
    {
        CountOperation();
        change(_seen);
        _unsynced.Add(change);
    }
}
