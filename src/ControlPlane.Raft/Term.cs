namespace ControlPlane.Raft;

/// <summary>A Raft term: counts elections, never goes back. 0 means "no term yet".</summary>
public readonly record struct Term(ulong Value) : IComparable<Term>
{
    public static readonly Term Zero = new(0);

    public Term Next => new(Value + 1);

    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    public static bool operator <(Term left, Term right) => left.Value < right.Value;

    public static bool operator >(Term left, Term right) => left.Value > right.Value;

    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;

    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString();
}
