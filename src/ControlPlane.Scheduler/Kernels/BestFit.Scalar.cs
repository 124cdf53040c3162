namespace ControlPlane.Scheduler.Kernels;

/// <summary>The definition of <see cref="BestFit"/>.</summary>
internal static class BestFitScalar
{
    public static int Choose(
        ReadOnlySpan<long[]> free, ReadOnlySpan<long> request, ReadOnlySpan<int> scale, ReadOnlySpan<byte> eligible, int rowCount, bool isSpreading)
    {
        var best = BestFit.None;
        var bestScore = long.MaxValue;
        for (var row = 0; row < rowCount; row++)
        {
            if ((eligible[row >> 3] >> (row & 7) & 1) == 0) continue;
            var score = 0L;
            var fits = true;
            for (var dimension = 0; dimension < free.Length; dimension++)
            {
                var left = free[dimension][row] - request[dimension];
                fits &= left >= 0;
                score += scale[dimension] >= 0 ? left << scale[dimension] : left >> -scale[dimension];
            }

            if (isSpreading) score = -score;
            if (!fits || score >= bestScore) continue;
            best = row;
            bestScore = score;
        }

        return best;
    }
}
