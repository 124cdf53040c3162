using System.Collections.Immutable;

namespace ControlPlane.Store;

/// <summary>How full a store may be, and what is wrong in the group.</summary>
internal sealed record StoreLimits(long QuotaBytes, ImmutableSortedSet<Alarm> Alarms)
{
    public static readonly StoreLimits Usual = new(StoreState.QuotaBytesUsual, ImmutableSortedSet.Create<Alarm>(AlarmOrder.Instance));

    public bool Has(AlarmKind kind) => Alarms.Any(alarm => alarm.Kind == kind);
}

/// <summary>By member, then by kind: the order in which every member keeps alarms.</summary>
internal sealed class AlarmOrder : IComparer<Alarm>
{
    public static readonly AlarmOrder Instance = new();

    public int Compare(Alarm left, Alarm right)
    {
        var byMember = left.Member.CompareTo(right.Member);
        return byMember != 0 ? byMember : left.Kind.CompareTo(right.Kind);
    }
}
