using ControlPlane.Wal.Storage;

namespace ControlPlane.Simulation.Disks;

/// <summary>The machine loses its power, or the process is killed, in the middle of disk work.</summary>
internal sealed class CrashException() : Exception("the simulated process died here");

/// <summary>A directory that forgets, at a power cut, what was not synced: files' bytes in any combination, names from some point on.</summary>
internal sealed class SimulatedDirectory(string path, SeededRandom random) : IStorageDirectory
{
    private readonly List<Action<Dictionary<string, Inode>>> _unsynced = [];
    private Dictionary<string, Inode> _seen = [];
    private Dictionary<string, Inode> _durable = [];

    public string Path { get; } = path;

    /// <summary>Dies at this many operations from now; null is never.</summary>
    public int? CrashAfterOperations { get; set; }

    public IReadOnlyList<string> List() => [.. _seen.Keys];

    public bool Exists(string name) => _seen.ContainsKey(name);

    public IStorageFile Create(string name)
    {
        var inode = new Inode();
        Change(names => names[name] = inode);
        return new SimulatedFile(this, inode);
    }

    public IStorageFile Open(string name) =>
        _seen.TryGetValue(name, out var inode) ? new SimulatedFile(this, inode) : throw new IOException($"{Path}/{name} does not exist");

    public void Rename(string name, string newName)
    {
        if (!Exists(name)) throw new IOException($"{Path}/{name} does not exist");
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

    public void CountOperation()
    {
        if (CrashAfterOperations is not { } left) return;
        if (left <= 0)
        {
            CrashAfterOperations = null;
            throw new CrashException();
        }

        CrashAfterOperations = left - 1;
    }

    private void Change(Action<Dictionary<string, Inode>> change)
    {
        CountOperation();
        change(_seen);
        _unsynced.Add(change);
    }
}
