using System.Numerics;

namespace ControlPlane.Replica.Turns;

/// <summary>A set of sequence numbers near a rising floor, one bit each: what is applied of one origin's open requests. At most as wide as an origin has open requests.</summary>
internal sealed class SequenceWindow
{
    private const int BitCount = 64;

    // One request that is stuck for a minute at a million requests a second; wider is a bug or damage, and would ask for absurd memory.
    private const ulong WidthMax = 1UL << 26;

    // A ring: the word of a number is its quotient by 64, modulo the length, which is a power of two.
    private ulong[] _words = new ulong[16];

    /// <param name="floor">Numbers below it are not kept.</param>
    public SequenceWindow(ulong floor, IEnumerable<ulong> numbers)
    {
        Floor = floor;
        foreach (var number in numbers) TryAdd(number);
    }

    public ulong Floor { get; private set; }

    /// <summary>The numbers in the set, ascending.</summary>
    public IEnumerable<ulong> Numbers
    {
        get
        {
            var first = Floor / BitCount;
            for (var word = first; word < first + (ulong)_words.Length; word++)
            {
                for (var bits = WordOf(word); bits != 0; bits &= bits - 1) yield return word * BitCount + (ulong)BitOperations.TrailingZeroCount(bits);
            }
        }
    }

    /// <summary>False when <paramref name="number"/> is below the floor or in the set already.</summary>
    public bool TryAdd(ulong number)
    {
        if (number < Floor) return false;
        Invariant.That(number - Floor < WidthMax);
        while (number / BitCount - Floor / BitCount >= (ulong)_words.Length) Widen();
        ref var word = ref WordOf(number / BitCount);
        var bit = 1UL << (int)(number % BitCount);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

    /// <summary>Forgets what lies below <paramref name="floor"/>.</summary>
    public void RaiseFloor(ulong floor)
    {
        if (floor <= Floor) return;
        var (from, to) = (Floor / BitCount, floor / BitCount);
        if (to - from >= (ulong)_words.Length) Array.Clear(_words);
        else for (var word = from; word < to; word++) WordOf(word) = 0;
        WordOf(to) &= ulong.MaxValue << (int)(floor % BitCount);
        Floor = floor;
    }

    private ref ulong WordOf(ulong word) => ref _words[word & ((ulong)_words.Length - 1)];

    private void Widen()
    {
        var narrow = _words;
        _words = new ulong[2 * narrow.Length];
        var first = Floor / BitCount;
        for (var word = first; word < first + (ulong)narrow.Length; word++) WordOf(word) = narrow[word & ((ulong)narrow.Length - 1)];
    }
}
