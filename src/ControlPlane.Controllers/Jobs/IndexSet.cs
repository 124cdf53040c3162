using System.Globalization;
using System.Text;

namespace ControlPlane.Controllers.Jobs;

/// <summary>A set of completion indexes, kept as sorted intervals and written as Kubernetes writes <c>status.completedIndexes</c>:
/// <c>0,2,3,5-9</c> (two neighbours stay two numbers). Immutable.</summary>
internal sealed class IndexSet
{
    public static readonly IndexSet Empty = new([], 0);

    private readonly (int First, int Last)[] _intervals;

    private IndexSet((int First, int Last)[] intervals, int count)
    {
        _intervals = intervals;
        Count = count;
    }

    /// <summary>How many indexes are in the set.</summary>
    public int Count { get; }

    /// <summary>Any order, repeats allowed, indexes at or above <paramref name="limit"/> left out.</summary>
    public static IndexSet From(IEnumerable<int> indexes, int limit = int.MaxValue)
    {
        var sorted = indexes.Where(index => index >= 0 && index < limit).Distinct().Order().ToArray();
        var intervals = new List<(int First, int Last)>();
        foreach (var index in sorted)
        {
            if (intervals.Count > 0 && intervals[^1].Last == index - 1) intervals[^1] = (intervals[^1].First, index);
            else intervals.Add((index, index));
        }

        return new([.. intervals], sorted.Length);
    }

    /// <summary>Reads <c>1,3-5</c>. What is not a number or an interval is left out: the text is our own, or already validated.</summary>
    public static IndexSet Parse(string? text, int limit = int.MaxValue)
    {
        if (string.IsNullOrEmpty(text)) return Empty;
        var intervals = new List<(int First, int Last)>();
        foreach (var part in text.Split(','))
        {
            var dash = part.IndexOf('-');
            var first = dash < 0 ? part : part[..dash];
            var last = dash < 0 ? part : part[(dash + 1)..];
            if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)) continue;
            if (!int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to)) continue;
            to = Math.Min(to, limit - 1);
            if (from <= to) intervals.Add((from, to));
        }

        return Merge(intervals);
    }

    public IndexSet Union(IndexSet other) =>
        other.Count == 0 ? this : Count == 0 ? other : Merge([.. _intervals, .. other._intervals]);

    public bool Contains(int index)
    {
        int low = 0, high = _intervals.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (index < _intervals[middle].First) high = middle - 1;
            else if (index > _intervals[middle].Last) low = middle + 1;
            else return true;
        }

        return false;
    }

    /// <summary>How many of <paramref name="other"/>'s indexes are in this set.</summary>
    public int CountIn(IndexSet other)
    {
        int count = 0, mine = 0, theirs = 0;
        while (mine < _intervals.Length && theirs < other._intervals.Length)
        {
            var first = Math.Max(_intervals[mine].First, other._intervals[theirs].First);
            var last = Math.Min(_intervals[mine].Last, other._intervals[theirs].Last);
            if (first <= last) count += last - first + 1;
            if (_intervals[mine].Last < other._intervals[theirs].Last) mine++;
            else theirs++;
        }

        return count;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (first, last) in _intervals)
        {
            if (text.Length > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{first}");
            if (last == first) continue;
            text.Append(last == first + 1 ? ',' : '-');
            text.Append(CultureInfo.InvariantCulture, $"{last}");
        }

        return text.ToString();
    }

    private static IndexSet Merge(List<(int First, int Last)> intervals)
    {
        intervals.Sort();
        var merged = new List<(int First, int Last)>();
        foreach (var (first, last) in intervals)
        {
            if (merged.Count > 0 && first <= (long)merged[^1].Last + 1) merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            else merged.Add((first, last));
        }

        return new([.. merged], merged.Sum(interval => interval.Last - interval.First + 1));
    }
}
