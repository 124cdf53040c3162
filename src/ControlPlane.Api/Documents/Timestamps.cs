using System.Globalization;

namespace ControlPlane.Api.Documents;

/// <summary>RFC 3339 as the API writes it: UTC, whole seconds (<c>2026-01-02T03:04:05Z</c>), or six digits for micro times.</summary>
public static class Timestamps
{
    private const string SecondsFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string MicroFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    private static readonly string[] Accepted = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>Whole seconds; what is finer is cut off.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(SecondsFormat, CultureInfo.InvariantCulture);

    /// <summary>Microseconds; what is finer is cut off.</summary>
    public static string FormatMicro(DateTimeOffset time) => time.UtcDateTime.ToString(MicroFormat, CultureInfo.InvariantCulture);

    /// <summary>Reads any RFC 3339 time, in any zone, with up to nine digits of a second (the last two are cut off).</summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        var point = text.IndexOf('.');
        if (point >= 0)
        {
            // .NET counts in 100 ns: cut digits it cannot hold.
            var end = point + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
            if (end - point - 1 is 0 or > 9)
            {
                time = default;
                return false;
            }

            if (end - point - 1 > 7) text = text.Remove(point + 8, end - point - 8);
        }

        return DateTimeOffset.TryParseExact(text, Accepted, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }

    internal static string Example(bool isMicro) => isMicro ? "2006-01-02T15:04:05.000000Z" : "2006-01-02T15:04:05Z";
}
