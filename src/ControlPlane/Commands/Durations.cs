using System.Globalization;

namespace ControlPlane.Commands;

/// <summary>Lengths of time in words of the command line.</summary>
internal static class Durations
{
    /// <summary>To a tenth of a second while it is short: <c>0.8 s</c>, <c>42 s</c>, <c>3 min 5 s</c>.</summary>
    public static string Exact(TimeSpan time)
    {
        if (time < TimeSpan.Zero) time = TimeSpan.Zero;
        if (time.TotalSeconds < 10) return string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
        return time.TotalSeconds < 60 ? $"{time.TotalSeconds:F0} s" : $"{(long)time.TotalMinutes} min {(long)time.TotalSeconds % 60} s";
    }

    /// <summary>As tables show ages: <c>59s</c>, <c>5m3s</c>, <c>12m</c>, <c>3h20m</c>, <c>26h</c>, <c>3d</c>.</summary>
    public static string Age(TimeSpan time)
    {
        var seconds = Math.Max(0, (long)time.TotalSeconds);
        if (seconds < 120) return $"{seconds}s";
        var minutes = seconds / 60;
        if (minutes < 10) return seconds % 60 == 0 ? $"{minutes}m" : $"{minutes}m{seconds % 60}s";
        if (minutes < 180) return $"{minutes}m";
        var hours = minutes / 60;
        if (hours < 8) return minutes % 60 == 0 ? $"{hours}h" : $"{hours}h{minutes % 60}m";
        if (hours < 48) return $"{hours}h";
        return hours < 192 && hours % 24 != 0 ? $"{hours / 24}d{hours % 24}h" : $"{hours / 24}d";
    }

    /// <summary>Reads <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>1.5h</c>, <c>2d</c>.</summary>
    /// <exception cref="UsageException">Not a length of time.</exception>
    public static TimeSpan Parse(string text, string option)
    {
        var total = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) throw Wrong(text, option);
            rest = rest[digits..];
            var isMilliseconds = rest.StartsWith("ms", StringComparison.Ordinal);
            total += isMilliseconds ? TimeSpan.FromMilliseconds(number) : rest[0] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                'd' => TimeSpan.FromDays(number),
                _ => throw Wrong(text, option),
            };
            rest = rest[(isMilliseconds ? 2 : 1)..];
        }

        return text.Length > 0 ? total : throw Wrong(text, option);
    }

    private static UsageException Wrong(string text, string option) => new($"{option}: \"{text}\" is not a length of time; write for example 30s, 5m or 1h30m");
}
