namespace ControlPlane.Store;

/// <summary>Something that the whole group should know until it is over. Part of the state: raised and ended by <c>SetAlarm</c>.</summary>
/// <param name="Member">The number of the member that raised it or that it is about.</param>
/// <param name="Kind">What is wrong.</param>
public readonly record struct Alarm(ulong Member, AlarmKind Kind);

public enum AlarmKind
{
    /// <summary>A write was refused because live data would have outgrown its quota. Deletes, writes that shrink, compaction and the end of leases are
    /// always taken; new leases are not until the alarm ends, which it does by itself when a tenth of the quota is free.</summary>
    NoSpace = 1,

    /// <summary>The member's state differs from another's at the same revision, and nobody can tell which is right: no transaction runs until an operator
    /// has decided and ended the alarm.</summary>
    Corrupt = 2,
}
