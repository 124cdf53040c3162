using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlPlane.Api.Kinds;

/// <summary><c>metav1.Time</c>: RFC 3339 in UTC, whole seconds, <c>2026-01-02T03:04:05Z</c>. Null and "" read as the zero time.</summary>
public sealed class TimeConverter : JsonConverter<DateTimeOffset>
{
    public override bool HandleNull => true;

    /// <summary>The spelling of documents.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads RFC 3339 with or without fractions, in any offset.</summary>
    public static bool TryParse(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => ReadTime(ref reader);

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));

    internal static DateTimeOffset ReadTime(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null) return default;
        var text = reader.GetString();
        if (string.IsNullOrEmpty(text)) return default;
        return TryParse(text, out var time) ? time : throw new JsonException($"\"{text}\" is not a time such as 2026-01-02T03:04:05Z");
    }
}

/// <summary><c>metav1.MicroTime</c>: as <see cref="TimeConverter"/> with six digits of fraction, <c>2026-01-02T03:04:05.000000Z</c>.</summary>
public sealed class MicroTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <summary>The spelling of documents.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => TimeConverter.ReadTime(ref reader);

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));
}
