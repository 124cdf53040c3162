using System.Globalization;
using System.Numerics;

namespace ControlPlane.Api.Schedules;

/// <summary>One field of a cron line as a set of numbers below 64.</summary>
/// <param name="bits">Bit n is set when n is in the field.</param>
/// <param name="isEvery">Written as <c>*</c>, <c>?</c> or <c>*/1</c>: does not restrict.</param>
internal readonly struct CronField(ulong bits, bool isEvery)
{
    public static readonly Bounds Minutes = new(0, 59, []);
    public static readonly Bounds Hours = new(0, 23, []);
    public static readonly Bounds DaysOfMonth = new(1, 31, []);
    public static readonly Bounds Months = new(1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]);
    public static readonly Bounds DaysOfWeek = new(0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]);

    /// <param name="Names">The first one is <paramref name="Min"/>.</param>
    public sealed record Bounds(int Min, int Max, string[] Names);

    public bool IsEvery => isEvery;

    public bool Has(int number) => (bits >> number & 1) != 0;

    /// <summary>The next number of the set above <paramref name="number"/>.</summary>
    public int NextAfter(int number, int otherwise)
    {
        var above = bits >> number >> 1;
        return above == 0 ? otherwise : number + 1 + BitOperations.TrailingZeroCount(above);
    }

    /// <summary>Parses a comma-separated list of <c>*</c>, <c>n</c>, <c>n-m</c>, each with an optional <c>/step</c>.</summary>
    /// <exception cref="FormatException">In Kubernetes' words.</exception>
    public static CronField Parse(string text, Bounds bounds)
    {
        ulong bits = 0;
        var isEvery = false;
        foreach (var item in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var (itemBits, itemIsEvery) = ParseItem(item, bounds);
            bits |= itemBits;
            isEvery |= itemIsEvery;
        }

        // Kubernetes takes a lone comma and never runs; nobody can mean that.
        return bits == 0 ? throw new FormatException($"empty list: {text}") : new(bits, isEvery);
    }

    private static (ulong Bits, bool IsEvery) ParseItem(string item, Bounds bounds)
    {
        var slashed = item.Split('/');
        var hyphened = slashed[0].Split('-');
        int start, end;
        var isEvery = hyphened[0] is "*" or "?";
        if (isEvery)
        {
            (start, end) = (bounds.Min, bounds.Max);
        }
        else
        {
            start = ParseNumber(hyphened[0], bounds);
            end = hyphened.Length switch
            {
                1 => start,
                2 => ParseNumber(hyphened[1], bounds),
                _ => throw new FormatException($"too many hyphens: {item}"),
            };
        }

        var step = 1;
        switch (slashed.Length)
        {
            case 1:
                break;
            case 2:
                step = ParseNumber(slashed[1], new(0, int.MaxValue, []));
                // "5/10" starts at five and goes to the end.
                if (hyphened.Length == 1) end = bounds.Max;
                if (step > 1) isEvery = false;
                break;
            default:
                throw new FormatException($"too many slashes: {item}");
        }

        if (start < bounds.Min) throw new FormatException($"beginning of range ({start}) below minimum ({bounds.Min}): {item}");
        if (end > bounds.Max) throw new FormatException($"end of range ({end}) above maximum ({bounds.Max}): {item}");
        if (start > end) throw new FormatException($"beginning of range ({start}) beyond end of range ({end}): {item}");
        if (step == 0) throw new FormatException($"step of range should be a positive number: {item}");

        ulong bits = 0;
        for (long number = start; number <= end; number += step) bits |= 1UL << (int)number;
        return (bits, isEvery);
    }

    private static int ParseNumber(string text, Bounds bounds)
    {
        var named = Array.FindIndex(bounds.Names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (named >= 0) return bounds.Min + named;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            throw new FormatException($"failed to parse int from {text}: \"{text}\" is not a number");
        }

        return number < 0 ? throw new FormatException($"negative number ({number}) not allowed: {text}") : number;
    }
}
