using System.Text.Json;
using System.Text.Json.Serialization;
using MessagePack;
using MessagePack.Formatters;

namespace ControlPlane.ApiServer.Live;

/// <summary>One event of the hub's <c>Watch</c>.</summary>
/// <param name="Type"><c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c>, or <c>BOOKMARK</c>: the snapshot is complete.</param>
/// <param name="ResourceVersion">Resume after this.</param>
/// <param name="Object">The object as REST gives it; nothing for a bookmark.</param>
[MessagePackObject]
public sealed record LiveEvent(
    [property: Key("type")] string Type,
    [property: Key("resourceVersion")] string ResourceVersion,
    [property: Key("object")] LiveObject Object);

/// <summary>An object on its way to a client of the hub, as the bytes all watchers share. In the JSON protocol it is a JSON object; in the MessagePack protocol
/// it is a string that holds the JSON text, because its shape is known to the client alone.</summary>
[JsonConverter(typeof(JsonForm))]
[MessagePackFormatter(typeof(MessagePackForm))]
public readonly record struct LiveObject(ReadOnlyMemory<byte> Json)
{
    public static readonly LiveObject None;

    public sealed class JsonForm : JsonConverter<LiveObject>
    {
        public override LiveObject Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.Null) return None;
            using var document = JsonDocument.ParseValue(ref reader);
            return new LiveObject(JsonSerializer.SerializeToUtf8Bytes(document.RootElement));
        }

        public override void Write(Utf8JsonWriter writer, LiveObject value, JsonSerializerOptions options)
        {
            if (value.Json.IsEmpty) writer.WriteNullValue();
            else writer.WriteRawValue(value.Json.Span, skipInputValidation: true);
        }
    }

    public sealed class MessagePackForm : IMessagePackFormatter<LiveObject>
    {
        public LiveObject Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options) =>
            reader.TryReadNil() ? None : new LiveObject(System.Text.Encoding.UTF8.GetBytes(reader.ReadString() ?? ""));

        public void Serialize(ref MessagePackWriter writer, LiveObject value, MessagePackSerializerOptions options)
        {
            if (value.Json.IsEmpty) writer.WriteNil();
            else writer.WriteString(value.Json.Span);
        }
    }
}
