using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ControlPlane.Scheduler.Kernels;

/// <summary><see cref="BestFit"/> on eight or four rows at a time.</summary>
internal static class BestFitVector
{
    private static readonly Vector512<long> Bits512 = Vector512.Create(1L, 2, 4, 8, 16, 32, 64, 128);
    private static readonly Vector256<long> LowBits256 = Vector256.Create(1L, 2, 4, 8);

    public static int Choose(
        ReadOnlySpan<long[]> free, ReadOnlySpan<long> request, ReadOnlySpan<int> scale, ReadOnlySpan<byte> eligible, int rowCount, bool isSpreading) =>
        Vector512.IsHardwareAccelerated
            ? Choose512(free, request, scale, eligible, rowCount, isSpreading)
            : Choose256(free, request, scale, eligible, rowCount, isSpreading);

    private static int Choose512(
        ReadOnlySpan<long[]> free, ReadOnlySpan<long> request, ReadOnlySpan<int> scale, ReadOnlySpan<byte> eligible, int rowCount, bool isSpreading)
    {
        var bestScores = Vector512.Create(long.MaxValue);
        var bestRows = Vector512.Create(-1L);
        var rows = Vector512.Create(0L, 1, 2, 3, 4, 5, 6, 7);
        var blocks = BestFit.Padded(rowCount);
        for (var row = 0; row < blocks; row += Vector512<long>.Count)
        {
            var mask = eligible[row >> 3];
            if (row + Vector512<long>.Count > rowCount) mask &= (byte)((1 << (rowCount - row)) - 1);
            if (mask != 0)
            {
                var fits = ~Vector512.Equals(Vector512.Create((long)mask) & Bits512, Vector512<long>.Zero);
                var score = Vector512<long>.Zero;
                for (var dimension = 0; dimension < free.Length; dimension++)
                {
                    var left = Vector512.LoadUnsafe(ref First(free[dimension]), (nuint)row) - Vector512.Create(request[dimension]);
                    fits &= Vector512.GreaterThanOrEqual(left, Vector512<long>.Zero);
                    score += scale[dimension] >= 0 ? left << scale[dimension] : left >> -scale[dimension];
                }

                if (isSpreading) score = -score;
                // Strictly better only: within a lane the lowest row stays.
                var better = fits & Vector512.LessThan(score, bestScores);
                bestScores = Vector512.ConditionalSelect(better, score, bestScores);
                bestRows = Vector512.ConditionalSelect(better, rows, bestRows);
            }

            rows += Vector512.Create((long)Vector512<long>.Count);
        }

        Span<long> scores = stackalloc long[Vector512<long>.Count];
        Span<long> found = stackalloc long[Vector512<long>.Count];
        bestScores.CopyTo(scores);
        bestRows.CopyTo(found);
        return Lowest(scores, found);
    }

    private static int Choose256(
        ReadOnlySpan<long[]> free, ReadOnlySpan<long> request, ReadOnlySpan<int> scale, ReadOnlySpan<byte> eligible, int rowCount, bool isSpreading)
    {
        var bestScores = Vector256.Create(long.MaxValue);
        var bestRows = Vector256.Create(-1L);
        var rows = Vector256.Create(0L, 1, 2, 3);
        var blocks = BestFit.Padded(rowCount);
        for (var row = 0; row < blocks; row += Vector256<long>.Count)
        {
            var mask = eligible[row >> 3] >> (row & 7) & 0xf;
            if (row + Vector256<long>.Count > rowCount) mask &= (1 << Math.Max(0, rowCount - row)) - 1;
            if (mask != 0)
            {
                var fits = ~Vector256.Equals(Vector256.Create((long)mask) & LowBits256, Vector256<long>.Zero);
                var score = Vector256<long>.Zero;
                for (var dimension = 0; dimension < free.Length; dimension++)
                {
                    var left = Vector256.LoadUnsafe(ref First(free[dimension]), (nuint)row) - Vector256.Create(request[dimension]);
                    fits &= Vector256.GreaterThanOrEqual(left, Vector256<long>.Zero);
                    score += scale[dimension] >= 0 ? left << scale[dimension] : left >> -scale[dimension];
                }

                if (isSpreading) score = -score;
                var better = fits & Vector256.LessThan(score, bestScores);
                bestScores = Vector256.ConditionalSelect(better, score, bestScores);
                bestRows = Vector256.ConditionalSelect(better, rows, bestRows);
            }

            rows += Vector256.Create((long)Vector256<long>.Count);
        }

        Span<long> scores = stackalloc long[Vector256<long>.Count];
        Span<long> found = stackalloc long[Vector256<long>.Count];
        bestScores.CopyTo(scores);
        bestRows.CopyTo(found);
        return Lowest(scores, found);
    }

    // Between lanes: the smallest score, and of equal scores the lowest row.
    private static int Lowest(ReadOnlySpan<long> scores, ReadOnlySpan<long> rows)
    {
        var best = BestFit.None;
        var bestScore = long.MaxValue;
        for (var lane = 0; lane < scores.Length; lane++)
        {
            var row = (int)rows[lane];
            if (row < 0 || scores[lane] > bestScore || (scores[lane] == bestScore && best != BestFit.None && row > best)) continue;
            best = row;
            bestScore = scores[lane];
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref long First(long[] column) => ref MemoryMarshal.GetArrayDataReference(column);
}
