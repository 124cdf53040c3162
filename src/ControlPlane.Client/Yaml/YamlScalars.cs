using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ControlPlane.Client.Yaml;

/// <summary>What a plain YAML scalar means, as Kubernetes reads it: YAML 1.1 words for booleans and null, numbers in four bases with underscores,
/// and nothing else. Dates, versions (<c>1.28.0</c>) and times (<c>12:30</c>) stay strings.</summary>
internal static partial class YamlScalars
{
    /// <summary>The value of an unquoted scalar.</summary>
    /// <param name="isFinite">False for infinities and NaN, which JSON cannot say; the value is then null.</param>
    public static JsonNode? Resolve(string text, out bool isFinite)
    {
        isFinite = true;
        if (text.Length == 0) return null;
        switch (text)
        {
            case "~" or "null" or "Null" or "NULL":
                return null;
            case "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON":
                return JsonValue.Create(true);
            case "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF":
                return JsonValue.Create(false);
            case ".nan" or ".NaN" or ".NAN" or ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" or "-.inf" or "-.Inf" or "-.INF":
                isFinite = false;
                return null;
        }

        if (text[0] is not ((>= '0' and <= '9') or '+' or '-' or '.')) return JsonValue.Create(text);
        return Number(text.Replace("_", "", StringComparison.Ordinal)) ?? JsonValue.Create(text);
    }

    /// <summary>Whether an unquoted scalar would be read as something else than the string it shows: here, or by readers that know dates and numbers
    /// to base 60.</summary>
    public static bool WouldNotStayString(string text) => Ambiguous().IsMatch(text) || Resolve(text, out var isFinite) is not JsonValue value || !isFinite || value.GetValueKind() != System.Text.Json.JsonValueKind.String;

    private static JsonValue? Number(string text)
    {
        if (Integer().Match(text) is { Success: true } match)
        {
            var isNegative = match.Groups["sign"].Value == "-";
            if (Magnitude(match) is { } magnitude)
            {
                var value = isNegative ? -magnitude : magnitude;
                if (value >= long.MinValue && value <= long.MaxValue) return JsonValue.Create((long)value);
                if (value >= 0 && value <= ulong.MaxValue) return JsonValue.Create((ulong)value);
            }
        }

        // Also what looked like an integer and is none: 08 and 99999999999999999999 are floats to Kubernetes.
        if (!Float().IsMatch(text)) return null;
        var number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? JsonValue.Create(number) : null;
    }

    private static BigInteger? Magnitude(Match match)
    {
        if (match.Groups["decimal"] is { Success: true } digits) return Parse(digits.Value, 10);
        if (match.Groups["hex"] is { Success: true } hex) return Parse(hex.Value, 16);
        if (match.Groups["octal"] is { Success: true } octal) return Parse(octal.Value, 8);
        return Parse(match.Groups["binary"].Value, 2);
    }

    private static BigInteger? Parse(string digits, int numberBase)
    {
        // Longer than any 64-bit number in base 2: not worth the arithmetic.
        if (digits.Length > 64) return null;
        var value = BigInteger.Zero;
        foreach (var digit in digits) value = value * numberBase + Convert.ToInt32(digit.ToString(), 16);
        return value;
    }

    [GeneratedRegex(@"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}.*)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Ambiguous();

    [GeneratedRegex("^(?<sign>[-+]?)(?:(?<decimal>0|[1-9][0-9]*)|0[xX](?<hex>[0-9a-fA-F]+)|0[oO]?(?<octal>[0-7]+)|0[bB](?<binary>[01]+))$", RegexOptions.CultureInvariant)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Float();
}
