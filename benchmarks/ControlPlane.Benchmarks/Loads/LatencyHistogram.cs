using System.Diagnostics;
using System.Numerics;

namespace ControlPlane.Benchmarks.Loads;

/// <summary>Counts of durations in buckets of 3 % width, so that ten million of them cost 16 KB. One writer.</summary>
internal sealed class LatencyHistogram
{
    // 32 buckets for each power of two of nanoseconds, up to 2^40 ns (18 minutes).
    private const int BucketBits = 5;
    private readonly long[] _counts = new long[41 << BucketBits];

    public long Count { get; private set; }

    /// <param name="started">From <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void RecordSince(long started) => Record((long)Stopwatch.GetElapsedTime(started).TotalNanoseconds);

    public void Record(long nanoseconds)
    {
        _counts[BucketOf(Math.Clamp(nanoseconds, 1, 1L << 40))]++;
        Count++;
    }

    public void Add(LatencyHistogram other)
    {
        for (var bucket = 0; bucket < _counts.Length; bucket++) _counts[bucket] += other._counts[bucket];
        Count += other.Count;
    }

    /// <summary>The duration that the given share of all stays below, in milliseconds; 0 when there are none.</summary>
    public double Milliseconds(double share)
    {
        var wanted = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var bucket = 0; bucket < _counts.Length && Count > 0; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= wanted) return MiddleOf(bucket) / 1e6;
        }

        return 0;
    }

    private static int BucketOf(long nanoseconds)
    {
        var power = BitOperations.Log2((ulong)nanoseconds);
        var fraction = power >= BucketBits ? nanoseconds >> (power - BucketBits) : nanoseconds << (BucketBits - power);
        return (power << BucketBits) + (int)(fraction - (1 << BucketBits));
    }

    private static double MiddleOf(int bucket)
    {
        var power = bucket >> BucketBits;
        var fraction = (bucket & ((1 << BucketBits) - 1)) + (1 << BucketBits) + 0.5;
        return fraction * Math.Pow(2, power - BucketBits);
    }
}
