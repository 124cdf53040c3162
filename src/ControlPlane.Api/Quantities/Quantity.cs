namespace ControlPlane.Api.Quantities;

/// <summary>A Kubernetes quantity such as <c>500m</c>, <c>1.5Gi</c>, <c>2e3</c>: an exact decimal (down to nano) with its family of suffixes.</summary>
/// <remarks>Held in billionths in 128 bits; like a real server, amounts are capped at ±(2^63 - 1) units, and what is finer than a billionth is
/// rounded away from zero, so that a request never becomes nothing.</remarks>
public readonly struct Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    private const long NanoPerUnit = 1_000_000_000;
    private const long NanoPerMilli = 1_000_000;
    private static readonly Int128 NanoMax = (Int128)long.MaxValue * NanoPerUnit;

    private readonly Int128 _nano;
    private readonly QuantityFormat _format;

    private Quantity(Int128 nano, QuantityFormat format)
    {
        _nano = nano > NanoMax ? NanoMax : nano < -NanoMax ? -NanoMax : nano;
        _format = format;
    }

    /// <summary>Nothing; the default value.</summary>
    public static Quantity Zero => default;

    /// <summary>So many thousandths, spelled with decimal suffixes: millicores.</summary>
    public static Quantity FromMilli(long milli) => new((Int128)milli * NanoPerMilli, QuantityFormat.DecimalSuffix);

    /// <summary>So many whole units, spelled with decimal suffixes.</summary>
    public static Quantity FromValue(long value) => new((Int128)value * NanoPerUnit, QuantityFormat.DecimalSuffix);

    /// <summary>So many bytes, spelled with binary suffixes.</summary>
    public static Quantity FromBytes(long bytes) => new((Int128)bytes * NanoPerUnit, QuantityFormat.BinarySuffix);

    public static bool TryParse(string text, out Quantity quantity) => QuantityText.Read(text, out quantity) is null;

    /// <exception cref="FormatException">Not a quantity; the message says what would be.</exception>
    public static Quantity Parse(string text) => QuantityText.Read(text, out var quantity) is { } refusal ? throw new FormatException(refusal) : quantity;

    internal static Quantity FromNano(Int128 nano, QuantityFormat format) => new(nano, format);

    /// <summary>In thousandths, rounded up: millicores. At most <see cref="long.MaxValue"/>.</summary>
    public long MilliValue => Scaled(NanoPerMilli);

    /// <summary>In whole units, rounded up: bytes.</summary>
    public long Value => Scaled(NanoPerUnit);

    public bool IsZero => _nano == 0;

    public bool IsNegative => _nano < 0;

    internal Int128 Nano => _nano;

    internal QuantityFormat Format => _format;

    /// <summary>The sum, spelled like the left side (like the right one when the left is zero).</summary>
    public static Quantity operator +(Quantity left, Quantity right) => new(left._nano + right._nano, left.IsZero ? right._format : left._format);

    /// <summary>The difference, spelled like the left side (like the right one when the left is zero).</summary>
    public static Quantity operator -(Quantity left, Quantity right) => new(left._nano - right._nano, left.IsZero ? right._format : left._format);

    public static bool operator ==(Quantity left, Quantity right) => left._nano == right._nano;

    public static bool operator !=(Quantity left, Quantity right) => left._nano != right._nano;

    public static bool operator <(Quantity left, Quantity right) => left._nano < right._nano;

    public static bool operator >(Quantity left, Quantity right) => left._nano > right._nano;

    public static bool operator <=(Quantity left, Quantity right) => left._nano <= right._nano;

    public static bool operator >=(Quantity left, Quantity right) => left._nano >= right._nano;

    public int CompareTo(Quantity other) => _nano.CompareTo(other._nano);

    public bool Equals(Quantity other) => _nano == other._nano;

    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    public override int GetHashCode() => _nano.GetHashCode();

    /// <summary>Canonical spelling: no fraction, the largest suffix that keeps it exact (<c>0.5</c> is <c>500m</c>, <c>1024Mi</c> is <c>1Gi</c>).</summary>
    public override string ToString() => QuantityText.Write(this);

    private long Scaled(long nanoPerStep)
    {
        var (quotient, remainder) = Int128.DivRem(_nano, nanoPerStep);
        if (remainder != 0) quotient += _nano < 0 ? -1 : 1;
        return quotient > long.MaxValue ? long.MaxValue : quotient < -long.MaxValue ? -long.MaxValue : (long)quotient;
    }
}

/// <summary>The family of suffixes a quantity is spelled with.</summary>
internal enum QuantityFormat
{
    /// <summary><c>m</c>, none, <c>k</c>, <c>M</c> …</summary>
    DecimalSuffix,

    /// <summary><c>Ki</c>, <c>Mi</c> …</summary>
    BinarySuffix,

    /// <summary><c>e3</c>, <c>e6</c> …</summary>
    DecimalExponent,
}
