namespace ControlPlane.Wal.Logs;

/// <summary>What a record of the log says. The numbers are on disk.</summary>
internal enum RecordKind : byte
{
    /// <summary>An entry; one at or below the last index replaces that entry and removes all after it.</summary>
    Entry = 1,

    /// <summary>Term, vote (the payload, 8 bytes) and commit (in the index's place).</summary>
    HardState = 2,

    /// <summary>Entries up to this index and term are in a snapshot and may be gone.</summary>
    Base = 3,

    /// <summary>As <see cref="Base"/>, and every entry is dropped: a snapshot from the leader took the log's place.</summary>
    Reset = 4,
}
