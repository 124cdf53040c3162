using System.Globalization;

namespace ControlPlane.Api.Schedules;

/// <summary>Durations as <c>@every</c> spells them: <c>90m</c>, <c>1h30m</c>, <c>1.5h</c>, <c>300ms</c>.</summary>
internal static class GoDuration
{
    /// <param name="whole">The schedule, for the message.</param>
    /// <exception cref="FormatException">Not a duration.</exception>
    public static TimeSpan Parse(string text, string whole)
    {
        var rest = text.AsSpan();
        var isNegative = rest.StartsWith("-");
        if (rest.Length > 0 && rest[0] is '-' or '+') rest = rest[1..];
        if (rest is "0") return TimeSpan.Zero;
        double seconds = 0;
        if (rest.IsEmpty) throw Refusal();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) throw Refusal();
            rest = rest[digits..];
            var unitLength = rest.IndexOfAny("0123456789.");
            var unit = unitLength < 0 ? rest : rest[..unitLength];
            seconds += number * unit switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 1e-3,
                "us" or "µs" => 1e-6,
                "ns" => 1e-9,
                _ => throw Refusal(),
            };
            rest = rest[unit.Length..];
        }

        // A hundred years: longer than any schedule, shorter than any overflow.
        if (seconds > 100 * 366 * 86400.0) throw Refusal();
        return TimeSpan.FromSeconds(isNegative ? -seconds : seconds);

        FormatException Refusal() => new($"failed to parse duration {whole}: \"{text}\" is not a duration such as 90m or 1h30m");
    }
}
