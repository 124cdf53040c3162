using ControlPlane.Wal.Storage;

namespace ControlPlane.Tests.Wal.Storage;

/// <summary>A directory in memory that knows what a power cut would leave: files hold a durable and a current state, names too. Every operation that
/// changes something is counted; a plan may make one fail.</summary>
internal sealed class FakeDisk : IStorageDirectory
{
    public const int SectorSize = 512;

    private Dictionary<string, FakeFile> _names = [];
    private Dictionary<string, FakeFile> _durableNames = [];

    public string Path => "/fake";

    /// <summary>Changes so far: writes, syncs, creations, renames, deletions, allocations.</summary>
    public int Operations { get; private set; }

    /// <summary>Called before each change with its number and name; throws to make it fail.</summary>
    public Action<int, string>? OnOperation { get; set; }

    /// <summary>The number of the operation whose write puts down only its first half before failing; null is none.</summary>
    public int? TornOperation { get; set; }

    public IReadOnlyList<string> List() => [.. _names.Keys];

    public bool Exists(string name) => _names.ContainsKey(name);

    public IStorageFile Create(string name)
    {
        Step($"create {name}");
        if (_names.TryGetValue(name, out var existing))
        {
            existing.Reset();
            return existing;
        }

        return _names[name] = new FakeFile(this, name);
    }

    public IStorageFile Open(string name) => _names.TryGetValue(name, out var file) ? file : throw new FileNotFoundException(name);

    public void Rename(string name, string newName)
    {
        Step($"rename {name} {newName}");
        var file = _names[name];
        _names.Remove(name);
        _names[newName] = file;
        file.Name = newName;
    }

    public void Delete(string name)
    {
        Step($"delete {name}");
        _names.Remove(name);
    }

    public void Sync()
    {
        Step("sync directory");
        _durableNames = new Dictionary<string, FakeFile>(_names);
    }

    /// <summary>The disk as a process finds it after a power cut.</summary>
    /// <param name="keeps">Decides for each thing not synced (a sector of a write, a name) whether it reached the disk all the same.</param>
    public FakeDisk AfterPowerCut(Func<string, bool> keeps)
    {
        var disk = new FakeDisk();
        foreach (var name in _names.Keys.Union(_durableNames.Keys).Order(StringComparer.Ordinal))
        {
            var isCurrent = _names.TryGetValue(name, out var current);
            var isDurable = _durableNames.TryGetValue(name, out var durable);
            var file = current == durable || keeps($"name {name}") ? current : durable;
            if (file is not null && (isCurrent || isDurable)) disk._names[name] = file.AfterPowerCut(disk, name, keeps);
        }

        disk._durableNames = new Dictionary<string, FakeFile>(disk._names);
        return disk;
    }

    /// <summary>The disk after power cuts that differ in what of the unsynced reached it: every combination where there are at most
    /// <paramref name="countMax"/>, else as many as that drawn by <paramref name="random"/>, all and nothing among them.</summary>
    public IEnumerable<FakeDisk> AfterPowerCuts(int countMax, Random random)
    {
        var questions = 0;
        AfterPowerCut(_ => ++questions > 0);
        var isExhaustive = questions < 31 && 1L << questions <= countMax;
        for (long draw = 0; draw < (isExhaustive ? 1L << questions : countMax); draw++)
        {
            var asked = 0;
            yield return draw switch
            {
                _ when isExhaustive => AfterPowerCut(_ => (draw >> asked++ & 1) != 0),
                0 => AfterPowerCut(_ => false),
                1 => AfterPowerCut(_ => true),
                _ => AfterPowerCut(_ => random.Next(2) == 0),
            };
        }
    }

    /// <summary>The disk as it is, as after a kill: everything written is there to read, and what was not synced still is not.</summary>
    public FakeDisk Copy()
    {
        var disk = new FakeDisk();
        var files = _names.Values.Union(_durableNames.Values).ToDictionary(file => file, file => file.Copy(disk));
        disk._names = _names.ToDictionary(pair => pair.Key, pair => files[pair.Value]);
        disk._durableNames = _durableNames.ToDictionary(pair => pair.Key, pair => files[pair.Value]);
        return disk;
    }

    public byte[] Bytes(string name) => _names[name].Bytes;

    public void Replace(string name, byte[] bytes)
    {
        _names[name] = new FakeFile(this, name, bytes);
        _durableNames[name] = _names[name];
    }

    private int Step(string what)
    {
        var number = Operations++;
        OnOperation?.Invoke(number, what);
        return number;
    }

    private sealed class FakeFile(FakeDisk disk, string name, byte[]? bytes = null) : IStorageFile
    {
        private readonly List<(long Offset, byte[]? Bytes, long Length)> _unsynced = [];
        private byte[] _durable = bytes ?? [];
        private byte[] _current = bytes ?? [];

        public string Name { get; set; } = name;

        public byte[] Bytes => [.. _current];

        public long Length => _current.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            if (offset >= _current.Length) return 0;
            var source = _current.AsSpan((int)offset);
            source = source[..Math.Min(source.Length, buffer.Length)];
            source.CopyTo(buffer);
            return source.Length;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            if (disk.TornOperation == disk.Operations) Change(offset, bytes[..(bytes.Length / 2)].ToArray(), 0);
            disk.Step($"write {Name} {offset}+{bytes.Length}");
            Change(offset, bytes.ToArray(), 0);
        }

        public void Allocate(long length)
        {
            disk.Step($"allocate {Name} {length}");
            if (length > _current.Length) Change(0, null, length);
        }

        public void Truncate(long length)
        {
            disk.Step($"truncate {Name} {length}");
            Change(0, null, length);
        }

        public void Sync()
        {
            try
            {
                disk.Step($"sync {Name}");
                foreach (var change in _unsynced) _durable = Changed(_durable, change);
            }
            finally
            {
                // After a failed sync the pages count as clean: what was in them can be read, and no later sync writes it.
                _unsynced.Clear();
            }
        }

        public void Reset() => Change(0, null, 0);

        public FakeFile AfterPowerCut(FakeDisk target, string newName, Func<string, bool> keeps)
        {
            var bytes = _durable;
            foreach (var change in _unsynced.SelectMany(Sectors))
            {
                if (keeps($"write {Name} {change.Offset}+{change.Bytes?.Length}")) bytes = Changed(bytes, change);
            }

            return new FakeFile(target, newName, [.. bytes]);
        }

        public FakeFile Copy(FakeDisk target)
        {
            var copy = new FakeFile(target, Name) { _durable = [.. _durable], _current = [.. _current] };
            copy._unsynced.AddRange(_unsynced);
            return copy;
        }

        public void Dispose()
        {
            // Closing changes nothing on a disk.
        }

        private void Change(long offset, byte[]? bytes, long length)
        {
            _unsynced.Add((offset, bytes, length));
            _current = Changed(_current, (offset, bytes, length));
        }

        // A disk writes whole sectors, each or not, in any order.
        private static IEnumerable<(long Offset, byte[]? Bytes, long Length)> Sectors((long Offset, byte[]? Bytes, long Length) change)
        {
            if (change.Bytes is null)
            {
                yield return change;
                yield break;
            }

            for (var done = 0; done < change.Bytes.Length;)
            {
                var size = (int)Math.Min(SectorSize - (change.Offset + done) % SectorSize, change.Bytes.Length - done);
                yield return (change.Offset + done, change.Bytes[done..(done + size)], 0);
                done += size;
            }
        }

        private static byte[] Changed(byte[] source, (long Offset, byte[]? Bytes, long Length) change)
        {
            var length = change.Bytes is null ? change.Length : Math.Max(source.Length, change.Offset + change.Bytes.Length);
            var target = source.Length == length ? [.. source] : new byte[length];
            if (source.Length != length) source.AsSpan(0, (int)Math.Min(source.Length, length)).CopyTo(target);
            change.Bytes?.CopyTo(target, change.Offset);
            return target;
        }
    }
}
