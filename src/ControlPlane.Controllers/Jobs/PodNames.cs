using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Controllers.Jobs;

/// <summary>Names a Job's pods as Kubernetes' look (<c>pi-x7k2m</c>, <c>pi-3-x7k2m</c>) but without chance: pod <c>n</c> of an owner has
/// one name for ever, so that creating it twice is refused by the name and two leaders cannot make two of it.</summary>
/// <remarks>The suffix is an affine permutation of 27^5 numbers, keyed by the owner's uid: distinct ordinals never share a name,
/// and a recreated Job of the same name (another uid) starts with other names than its predecessor's dying pods.</remarks>
internal readonly struct PodNames
{
    // No vowels, so that no words appear, and no 0, 1, 3, which are read as letters.
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int SuffixLength = 5;
    private const long Count = 14_348_907; // 27^5

    // A pod's name becomes its hostname, and a DNS label has 63 bytes.
    private const int BaseLengthMax = 63 - SuffixLength - 1;

    private readonly string _base;
    private readonly long _factor;
    private readonly long _offset;
    private readonly long _inverse;

    private PodNames(string @base, ulong key)
    {
        _base = @base;
        // Coprime with 27^5, that is no multiple of 3: only then is the map one to one.
        _factor = (long)(key % (Count / 3)) * 3 + 1;
        _offset = (long)((key >> 24) % Count);
        _inverse = InverseOf(_factor);
    }

    /// <summary>The names of a Job's pods, or of one completion index's.</summary>
    public static PodNames For(string job, string uid, int? completionIndex)
    {
        var index = completionIndex is { } number ? $"-{number}" : "";
        var room = BaseLengthMax - index.Length;
        return new((job.Length > room ? job[..room].TrimEnd('.', '-') : job) + index, StableHash.Of(uid + index));
    }

    /// <param name="ordinal">At least 0 and below 27^5.</param>
    public string this[int ordinal]
    {
        get
        {
            Invariant.That(ordinal is >= 0 and < (int)Count);
            var number = (ordinal * _factor + _offset) % Count;
            Span<char> suffix = stackalloc char[SuffixLength];
            for (var place = 0; place < SuffixLength; place++)
            {
                suffix[place] = Alphabet[(int)(number % Alphabet.Length)];
                number /= Alphabet.Length;
            }

            return $"{_base}-{suffix}";
        }
    }

    /// <summary>Which ordinal a name has; false when it is not one of these names.</summary>
    public bool TryOrdinalOf(string name, out int ordinal)
    {
        ordinal = -1;
        if (name.Length != _base.Length + 1 + SuffixLength || !name.StartsWith(_base, StringComparison.Ordinal) || name[_base.Length] != '-') return false;
        var number = 0L;
        for (var place = name.Length - 1; place > _base.Length; place--)
        {
            var digit = Alphabet.IndexOf(name[place]);
            if (digit < 0) return false;
            number = number * Alphabet.Length + digit;
        }

        ordinal = (int)((number - _offset + Count) % Count * _inverse % Count);
        return true;
    }

    /// <summary>The lowest ordinals whose names are not taken: chosen again, they are the same, however stale the view.</summary>
    public IEnumerable<string> Free(IEnumerable<string> taken)
    {
        var ordinals = new HashSet<int>();
        foreach (var name in taken)
        {
            if (TryOrdinalOf(name, out var ordinal)) ordinals.Add(ordinal);
        }

        for (var ordinal = 0; ordinal < Count; ordinal++)
        {
            if (!ordinals.Contains(ordinal)) yield return this[ordinal];
        }
    }

    // Extended Euclid; the factor is coprime with the count.
    private static long InverseOf(long factor)
    {
        long remainder = factor, nextRemainder = Count, coefficient = 1, nextCoefficient = 0;
        while (nextRemainder != 0)
        {
            var quotient = remainder / nextRemainder;
            (remainder, nextRemainder) = (nextRemainder, remainder - quotient * nextRemainder);
            (coefficient, nextCoefficient) = (nextCoefficient, coefficient - quotient * nextCoefficient);
        }

        Invariant.That(remainder == 1);
        return (coefficient % Count + Count) % Count;
    }
}
