namespace ControlPlane.Api.Documents;

/// <summary>Guesses the word that was meant.</summary>
internal static class Nearest
{
    /// <summary>The candidate with the fewest edits, at most a third of the word and at most 3; null when none is that near. Ties go to the first in order.</summary>
    public static string? To(string word, IEnumerable<string> candidates)
    {
        // Names from outside may be long; nobody mistypes those.
        if (word.Length is 0 or > 64) return null;
        var bestDistance = Math.Min(3, Math.Max(1, word.Length / 3)) + 1;
        string? best = null;
        foreach (var candidate in candidates.Order(StringComparer.Ordinal))
        {
            var distance = string.Equals(word, candidate, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(word, candidate);
            if (distance >= bestDistance) continue;
            bestDistance = distance;
            best = candidate;
        }

        return best;
    }

    // Levenshtein, one row at a time.
    private static int Distance(string left, string right)
    {
        Span<int> row = stackalloc int[right.Length + 1];
        for (var j = 0; j < row.Length; j++) row[j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j < row.Length; j++)
            {
                var above = row[j];
                var replace = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                row[j] = Math.Min(replace, Math.Min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }

        return row[^1];
    }
}
