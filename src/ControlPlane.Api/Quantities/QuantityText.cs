using System.Globalization;

namespace ControlPlane.Api.Quantities;

/// <summary>Spelling of quantities: sign, digits with an optional point, then nothing, a decimal suffix (<c>n u m k M G T P E</c>), a binary one
/// (<c>Ki Mi Gi Ti Pi Ei</c>), or an exponent (<c>e3</c>, <c>E-2</c>).</summary>
internal static class QuantityText
{
    // A real server's words, so that people find them on the web.
    private const string WrongForm = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    private const string WrongNumber = "unable to parse numeric part of quantity";
    private const string WrongSuffix = "unable to parse quantity's suffix";

    // 28 integer digits already exceed the cap of 2^63 - 1 units, in any unit down to nano.
    private const int SignificantDigitsMax = 28;

    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    /// <summary>Reads a quantity; returns null, or what is wrong.</summary>
    public static string? Read(ReadOnlySpan<char> text, out Quantity quantity)
    {
        quantity = default;
        var at = 0;
        var isNegative = false;
        if (text.Length > 0 && text[0] is '+' or '-') isNegative = text[at++] == '-';
        var numberStart = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.')) at++;
        var number = text[numberStart..at];
        if (number.Length == 0) return WrongForm;
        var suffix = text[at..];
        foreach (var letter in suffix)
        {
            if (!char.IsAsciiDigit(letter) && !"eEinumkKMGTP+-".Contains(letter)) return WrongForm;
        }

        if (number.Count('.') > 1 || (number.Length == 1 && number[0] == '.')) return WrongNumber;
        if (!TryReadSuffix(suffix, out var format, out var binaryPower, out var decimalPower)) return WrongSuffix;
        quantity = Quantity.FromNano(Nano(number, isNegative, binaryPower, decimalPower), format);
        return null;
    }

    /// <summary>The canonical spelling.</summary>
    public static string Write(Quantity quantity)
    {
        var nano = quantity.Nano;
        if (nano == 0) return "0";
        var isWhole = nano % 1_000_000_000 == 0;
        var isUnder1024 = Int128.Abs(nano) < (Int128)1024 * 1_000_000_000;
        if (quantity.Format == QuantityFormat.BinarySuffix && isWhole && !isUnder1024)
        {
            var units = nano / 1_000_000_000;
            var power = 0;
            while (units % 1024 == 0 && power < BinarySuffixes.Length - 1)
            {
                units /= 1024;
                power++;
            }

            return units.ToString(CultureInfo.InvariantCulture) + BinarySuffixes[power];
        }

        var step = 0;
        while (nano % 1000 == 0 && step < DecimalSuffixes.Length - 1)
        {
            nano /= 1000;
            step++;
        }

        var digits = nano.ToString(CultureInfo.InvariantCulture);
        if (quantity.Format != QuantityFormat.DecimalExponent) return digits + DecimalSuffixes[step];
        var exponent = (step - 3) * 3;
        return exponent == 0 ? digits : $"{digits}e{exponent.ToString(CultureInfo.InvariantCulture)}";
    }

    private static bool TryReadSuffix(ReadOnlySpan<char> suffix, out QuantityFormat format, out int binaryPower, out int decimalPower)
    {
        (format, binaryPower, decimalPower) = (QuantityFormat.DecimalSuffix, 0, 0);
        for (var i = 0; i < DecimalSuffixes.Length; i++)
        {
            if (!suffix.SequenceEqual(DecimalSuffixes[i])) continue;
            decimalPower = (i - 3) * 3;
            return true;
        }

        for (var i = 1; i < BinarySuffixes.Length; i++)
        {
            if (!suffix.SequenceEqual(BinarySuffixes[i])) continue;
            (format, binaryPower) = (QuantityFormat.BinarySuffix, i);
            return true;
        }

        format = QuantityFormat.DecimalExponent;
        return suffix[0] is 'e' or 'E' && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimalPower);
    }

    // number × 1024^binaryPower × 10^decimalPower in nano, rounded away from zero, saturated.
    private static Int128 Nano(ReadOnlySpan<char> number, bool isNegative, int binaryPower, int decimalPower)
    {
        Int128 mantissa = 0;
        var significantCount = 0;
        var point = number.IndexOf('.');
        long power = decimalPower + 9L;
        var isInexact = false;
        for (var i = 0; i < number.Length; i++)
        {
            if (i == point) continue;
            var digit = number[i] - '0';
            if (significantCount == 0 && digit == 0)
            {
                // A leading zero has no weight, but after the point it still moves the next digit.
                if (point >= 0 && i > point) power--;
                continue;
            }

            if (significantCount < SignificantDigitsMax)
            {
                mantissa = (mantissa * 10) + digit;
                significantCount++;
                if (point >= 0 && i > point) power--;
            }
            else
            {
                isInexact |= digit != 0;
                if (point < 0 || i < point) power++;
            }
        }

        if (mantissa == 0) return 0;
        return Scale(mantissa, isInexact, binaryPower, power, isNegative);
    }

    private static Int128 Scale(Int128 mantissa, bool isInexact, int binaryPower, long power, bool isNegative)
    {
        for (; power < 0 && mantissa > 0; power++)
        {
            // Binary factors go first where they fit, so that 0.1Gi keeps every digit.
            if (binaryPower > 0 && mantissa < Int128.MaxValue / 1024)
            {
                mantissa *= 1024;
                binaryPower--;
                power--;
                continue;
            }

            isInexact |= mantissa % 10 != 0;
            mantissa /= 10;
            if (mantissa == 0 && power < 0) break;
        }

        if (isInexact) mantissa++;
        var factorCount = Math.Max(power, 0);
        while (factorCount > 0 || binaryPower > 0)
        {
            // The cap of 2^63 - 1 units is applied by the caller; anything this large is beyond it.
            if (mantissa > Int128.MaxValue / 1024) return isNegative ? Int128.MinValue + 1 : Int128.MaxValue;
            if (binaryPower > 0)
            {
                mantissa *= 1024;
                binaryPower--;
            }
            else
            {
                mantissa *= 10;
                factorCount--;
            }
        }

        return isNegative ? -mantissa : mantissa;
    }
}
