namespace ControlPlane.Wal.Storage;

/// <summary>A directory of the real disk; made when it does not exist.</summary>
public sealed class DiskDirectory : IStorageDirectory
{
    /// <exception cref="IOException">The directory cannot be made.</exception>
    public DiskDirectory(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        if (Directory.Exists(Path)) return;
        Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (System.IO.Path.GetDirectoryName(Path) is { } parent) LinuxCalls.SyncDirectory(parent);
    }

    public string Path { get; }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(Path).Select(path => System.IO.Path.GetFileName(path))];

    public bool Exists(string name) => File.Exists(Full(name));

    public IStorageFile Create(string name) => new DiskFile(Full(name), FileMode.Create);

    public IStorageFile Open(string name) => new DiskFile(Full(name), FileMode.Open);

    public void Rename(string name, string newName) => File.Move(Full(name), Full(newName), overwrite: true);

    public void Delete(string name) => File.Delete(Full(name));

    public void Sync() => LinuxCalls.SyncDirectory(Path);

    private string Full(string name) => System.IO.Path.Combine(Path, name);
}
