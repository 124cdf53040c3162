using System.Runtime.Intrinsics;

namespace ControlPlane.Scheduler.Kernels;

/// <summary>Which row to take for one pod: it must have room in every asked dimension, and of those the one with the least left over.</summary>
/// <remarks>Contract and dispatch; <see cref="BestFitScalar"/> defines the result, <see cref="BestFitVector"/> computes the same faster.
/// Source of the packing rule: best fit, as in Grandl et al., "Multi-resource packing for cluster schedulers", SIGCOMM 2014, without alignment.</remarks>
public static class BestFit
{
    /// <summary>No row has room.</summary>
    public const int None = -1;

    /// <summary>The row with room whose left-over is smallest (or, spreading, largest); ties go to the lowest row.</summary>
    /// <param name="free">One column a dimension, one element a row, in the dimension's unit; may be negative where a node is overcommitted.
    /// All at least <paramref name="rowCount"/> rounded up to a multiple of <see cref="RowBlock"/> long; what lies behind is read and masked.</param>
    /// <param name="request">One element a dimension, ≥ 0, same order as <paramref name="free"/>.</param>
    /// <param name="scale">One element a dimension: the binary shift that brings it to a common size, left when positive, right when negative.</param>
    /// <param name="eligible">One bit a row, lowest bit first; rows without it are never chosen. At least rowCount bits, rounded up to a block.</param>
    /// <param name="rowCount">How many rows there are.</param>
    /// <param name="isSpreading">Largest left-over instead of smallest.</param>
    /// <returns>A row, or <see cref="None"/>.</returns>
    /// <exception cref="ArgumentException">Dimensions differ in number, or a column is too short.</exception>
    public static int Choose(
        ReadOnlySpan<long[]> free, ReadOnlySpan<long> request, ReadOnlySpan<int> scale, ReadOnlySpan<byte> eligible, int rowCount, bool isSpreading)
    {
        Check(free, request, scale, eligible, rowCount);
        return Vector256.IsHardwareAccelerated
            ? BestFitVector.Choose(free, request, scale, eligible, rowCount, isSpreading)
            : BestFitScalar.Choose(free, request, scale, eligible, rowCount, isSpreading);
    }

    /// <summary>Columns are padded to this many rows, so that vectors of any width need no tail.</summary>
    public const int RowBlock = 8;

    /// <summary><paramref name="rowCount"/> rounded up to whole blocks.</summary>
    public static int Padded(int rowCount) => (rowCount + RowBlock - 1) / RowBlock * RowBlock;

    private static void Check(ReadOnlySpan<long[]> free, ReadOnlySpan<long> request, ReadOnlySpan<int> scale, ReadOnlySpan<byte> eligible, int rowCount)
    {
        if (free.Length != request.Length || free.Length != scale.Length) throw new ArgumentException("one column, one request and one scale a dimension");
        if (eligible.Length < Padded(rowCount) / 8) throw new ArgumentException("the row mask is shorter than the rows", nameof(eligible));
        foreach (var column in free)
        {
            if (column.Length < Padded(rowCount)) throw new ArgumentException("a column is shorter than the rows, rounded up to a block", nameof(free));
        }
    }
}
