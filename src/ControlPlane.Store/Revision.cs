namespace ControlPlane.Store;

/// <summary>The store's version: one global counter, raised by one for each mutating transaction. 0 is the empty store.</summary>
public readonly record struct Revision(long Value) : IComparable<Revision>
{
    public static readonly Revision Zero = new(0);

    public Revision Next => new(Value + 1);

    public int CompareTo(Revision other) => Value.CompareTo(other.Value);

    public static bool operator <(Revision left, Revision right) => left.Value < right.Value;

    public static bool operator >(Revision left, Revision right) => left.Value > right.Value;

    public static bool operator <=(Revision left, Revision right) => left.Value <= right.Value;

    public static bool operator >=(Revision left, Revision right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString();
}
