namespace ControlPlane.Wal.Storage;

/// <summary>A directory of files, as far as the log and the snapshots need one: the seam for a simulated disk that forgets what was
/// not synced, tears writes and fails.</summary>
/// <remarks>Creations, renames and deletions survive the machine only after <see cref="Sync"/>. Members throw <see cref="IOException"/>.</remarks>
public interface IStorageDirectory
{
    /// <summary>Where it is, for messages.</summary>
    string Path { get; }

    /// <summary>Names of the files, in no order.</summary>
    IReadOnlyList<string> List();

    bool Exists(string name);

    /// <summary>Creates an empty file; one that exists is emptied.</summary>
    IStorageFile Create(string name);

    /// <summary>Opens a file that exists, for reading and writing.</summary>
    IStorageFile Open(string name);

    /// <summary>Gives a file another name at once; a file that has that name already is replaced.</summary>
    void Rename(string name, string newName);

    void Delete(string name);

    /// <summary>Makes creations, renames and deletions so far durable.</summary>
    void Sync();
}
