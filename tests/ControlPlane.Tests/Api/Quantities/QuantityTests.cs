using System.Numerics;
using ControlPlane.Api.Quantities;
using CsCheck;

namespace ControlPlane.Tests.Api.Quantities;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0.5", "500m")]
    [InlineData(".5", "500m")]
    [InlineData("1.", "1")]
    [InlineData("1000m", "1")]
    [InlineData("1500m", "1500m")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("1023", "1023")]
    [InlineData("1000Ki", "1000Ki")]
    [InlineData("0.5Ki", "512")]
    [InlineData("0.1Ki", "102400m")]
    [InlineData("100000", "100k")]
    [InlineData("2e3", "2e3")]
    [InlineData("2E3", "2e3")]
    [InlineData("20e2", "2e3")]
    [InlineData("1e-3", "1e-3")]
    [InlineData("1E", "1E")]
    [InlineData("-1.5", "-1500m")]
    [InlineData("+3", "3")]
    [InlineData("0.0000000001", "1n")]
    [InlineData("9223372036854775808", "9223372036854775807")]
    [InlineData("1e2147483647", "9223372036854775807")]
    [InlineData("1e-2147483647", "1e-9")]
    [InlineData("-99999999999999999999999999999999999999", "-9223372036854775807")]
    public void The_spelling_is_canonical(string text, string canonical) => Assert.Equal(canonical, Quantity.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("1x")]
    [InlineData("1e")]
    [InlineData("1mi")]
    [InlineData("1Kii")]
    [InlineData(".")]
    [InlineData("1.2.3")]
    [InlineData("--1")]
    [InlineData("1 Gi")]
    [InlineData("Gi")]
    [InlineData("1e99999999999")]
    public void What_is_no_quantity_is_refused_with_a_sentence(string text)
    {
        Assert.False(Quantity.TryParse(text, out _));
        Assert.Contains("quantit", Assert.Throws<FormatException>(() => Quantity.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1n", 1, 1)]
    [InlineData("1500m", 1500, 2)]
    [InlineData("1Ki", 1024000, 1024)]
    [InlineData("-1500m", -1500, -2)]
    [InlineData("9E", long.MaxValue, 9000000000000000000)]
    public void Values_are_rounded_away_from_zero(string text, long milli, long units)
    {
        Assert.Equal(milli, Quantity.Parse(text).MilliValue);
        Assert.Equal(units, Quantity.Parse(text).Value);
    }

    [Fact]
    public void A_sum_is_spelled_like_its_left_side()
    {
        Assert.Equal("1536Mi", (Quantity.Parse("1Gi") + Quantity.Parse("512M") + Quantity.Parse("24870912")).ToString());
        Assert.Equal("1Gi", (Quantity.Zero + Quantity.Parse("1Gi")).ToString());
        Assert.Equal("-500m", (Quantity.Parse("500m") - Quantity.Parse("1")).ToString());
    }

    [Fact]
    public void Equal_amounts_are_equal_however_they_are_spelled()
    {
        Assert.Equal(Quantity.Parse("1024Mi"), Quantity.Parse("1Gi"));
        Assert.Equal(Quantity.Parse("1024Mi").GetHashCode(), Quantity.Parse("1Gi").GetHashCode());
        Assert.True(Quantity.Parse("1G") < Quantity.Parse("1Gi"));
    }

    private static readonly Gen<(long Mantissa, int Decimals, string Suffix)> Parts = Gen.Select(
        Gen.Long[-999_999_999_999, 999_999_999_999],
        Gen.Int[0, 9],
        Gen.OneOf("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-2"));

    [Fact]
    public void Reading_agrees_with_exact_fractions()
    {
        Parts.Sample(parts =>
        {
            var (numerator, denominator) = Exact(parts);
            var nano = BigInteger.DivRem(numerator * 1_000_000_000, denominator, out var rest) + (rest.IsZero ? 0 : rest.Sign);
            var max = (BigInteger)long.MaxValue * 1_000_000_000;
            var expected = BigInteger.Min(BigInteger.Max(nano, -max), max);
            Assert.Equal(expected, (BigInteger)Quantity.Parse(Spell(parts)).Nano);
        });
    }

    [Fact]
    public void Writing_and_reading_again_gives_the_same_amount_and_the_same_text()
    {
        Parts.Sample(parts =>
        {
            var quantity = Quantity.Parse(Spell(parts));
            var again = Quantity.Parse(quantity.ToString());
            Assert.Equal(quantity, again);
            Assert.Equal(quantity.ToString(), again.ToString());
        });
    }

    [Fact]
    public void Any_text_is_read_or_refused_without_failing()
    {
        Gen.Char["0123456789.+-eEinumkKMGTPx "].Array[0, 12].Select(letters => new string(letters)).Sample(text =>
        {
            if (Quantity.TryParse(text, out var quantity)) Assert.Equal(quantity, Quantity.Parse(quantity.ToString()));
        });
    }

    private static string Spell((long Mantissa, int Decimals, string Suffix) parts)
    {
        var digits = Math.Abs(parts.Mantissa).ToString().PadLeft(parts.Decimals + 1, '0');
        var number = parts.Decimals == 0 ? digits : $"{digits[..^parts.Decimals]}.{digits[^parts.Decimals..]}";
        return (parts.Mantissa < 0 ? "-" : "") + number + parts.Suffix;
    }

    private static (BigInteger Numerator, BigInteger Denominator) Exact((long Mantissa, int Decimals, string Suffix) parts)
    {
        BigInteger numerator = parts.Mantissa;
        var denominator = BigInteger.Pow(10, parts.Decimals);
        return parts.Suffix switch
        {
            "n" => (numerator, denominator * 1_000_000_000),
            "u" => (numerator, denominator * 1_000_000),
            "m" => (numerator, denominator * 1000),
            "k" or "e3" => (numerator * 1000, denominator),
            "M" => (numerator * 1_000_000, denominator),
            "G" => (numerator * 1_000_000_000, denominator),
            "E-2" => (numerator, denominator * 100),
            "Ki" => (numerator * 1024, denominator),
            "Mi" => (numerator * 1024 * 1024, denominator),
            "Gi" => (numerator * 1024 * 1024 * 1024, denominator),
            _ => (numerator, denominator),
        };
    }
}
