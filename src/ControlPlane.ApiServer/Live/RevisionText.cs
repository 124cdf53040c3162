using System.Text.Json;
using System.Text.Json.Serialization;
using MessagePack;
using MessagePack.Formatters;

namespace ControlPlane.ApiServer.Live;

/// <summary>A resourceVersion in a hub message: text as in objects, but a number is understood too, since many clients would rather keep one.</summary>
public static class RevisionText
{
    public sealed class JsonForm : JsonConverter<string?>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.Number => reader.GetInt64().ToString(),
            _ => reader.GetString(),
        };

        public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    public sealed class MessagePackForm : IMessagePackFormatter<string?>
    {
        public string? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options) => reader.NextMessagePackType switch
        {
            MessagePackType.Integer => reader.ReadInt64().ToString(),
            _ => reader.ReadString(),
        };

        public void Serialize(ref MessagePackWriter writer, string? value, MessagePackSerializerOptions options) => writer.Write(value);
    }
}
