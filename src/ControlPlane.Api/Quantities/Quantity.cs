namespace ControlPlane.Api.Quantities;

/// <summary>A Kubernetes quantity such as <c>500m</c>, <c>1.5Gi</c>, <c>2e3</c>: an exact decimal (down to nano) with its spelling.</summary>
public readonly struct Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    public static bool TryParse(string text, out Quantity quantity) => throw new NotImplementedException();

    /// <exception cref="FormatException">Not a quantity; the message says what would be.</exception>
    public static Quantity Parse(string text) => throw new NotImplementedException();

    /// <summary>In thousandths, rounded up: millicores.</summary>
    public long MilliValue => throw new NotImplementedException();

    /// <summary>In whole units, rounded up: bytes.</summary>
    public long Value => throw new NotImplementedException();

    public int CompareTo(Quantity other) => throw new NotImplementedException();

    public bool Equals(Quantity other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    public override int GetHashCode() => throw new NotImplementedException();

    /// <summary>Canonical spelling.</summary>
    public override string ToString() => throw new NotImplementedException();
}
