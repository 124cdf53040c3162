using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Api.Documents;

/// <summary>Whole numbers in documents.</summary>
/// <remarks>A <see cref="JsonValue"/> made from an <c>int</c> refuses to be read as a <c>long</c> and the other way round; one made from JSON text can be read as
/// both. Parsed documents therefore hold numbers as JSON text, and <see cref="TryRead"/> reads all three.</remarks>
public static class JsonNumbers
{
    // Ports, counts and seconds are mostly small; sharing their text saves a parse each.
    private const int SharedCount = 1024;

    private static readonly JsonElement[] Shared = MakeShared();

    /// <summary>A node that can be read as any integer type it fits.</summary>
    public static JsonValue Create(long number) => JsonValue.Create(Element(number))!;

    /// <summary>Reads a whole number however it was made; false for anything else, fractions included.</summary>
    public static bool TryRead(JsonNode? node, out long number)
    {
        number = 0;
        if (node is not JsonValue value) return false;
        if (value.TryGetValue(out number)) return true;
        if (!value.TryGetValue(out int small)) return false;
        number = small;
        return true;
    }

    private static JsonElement Element(long number)
    {
        if (number is >= 0 and < SharedCount) return Shared[number];
        Span<byte> digits = stackalloc byte[20];
        number.TryFormat(digits, out var digitCount, default, CultureInfo.InvariantCulture);
        var reader = new Utf8JsonReader(digits[..digitCount]);
        return JsonElement.ParseValue(ref reader);
    }

    private static JsonElement[] MakeShared()
    {
        var text = new StringBuilder("[0");
        for (var i = 1; i < SharedCount; i++) text.Append(CultureInfo.InvariantCulture, $",{i}");
        return [.. JsonElement.Parse(text.Append(']').ToString()).EnumerateArray()];
    }
}
