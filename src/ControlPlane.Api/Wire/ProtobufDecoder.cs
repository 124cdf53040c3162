using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Wire;

/// <summary>From Kubernetes protobuf to a document. One use a body; depth and the number of values are bounded, because two bytes can ask for a whole object.</summary>
internal sealed class ProtobufDecoder
{
    private const int ValueCountMax = 250_000;

    private int _valueCount;

    public JsonObject DecodeEnvelope(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(ProtobufTranscoder.Magic)) throw ApiErrors.BadRequest("the body is not valid Kubernetes protobuf: it must start with the bytes 6b 38 73 00; send application/json otherwise");
        var (apiVersion, kind, raw) = ReadEnvelope(body[ProtobufTranscoder.Magic.Length..]);
        var named = GroupVersionKind.From(apiVersion, kind);
        if (ProtobufCatalog.BuiltIn.Find(named) is not { Form: ProtobufForm.Fields } message) throw ApiErrors.BadRequest($"no kind \"{kind}\" is registered for version \"{apiVersion}\" in protobuf; send application/json");
        var document = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
        ReadFields(raw, message, document, 1);
        return document;
    }

    private static (string ApiVersion, string Kind, byte[] Raw) ReadEnvelope(ReadOnlySpan<byte> bytes)
    {
        var (apiVersion, kind) = ("", "");
        ReadOnlySpan<byte> raw = [];
        var reader = new ProtobufReader(bytes, "the envelope");
        while (!reader.IsAtEnd)
        {
            var number = reader.ReadTag(out var wireType);
            if (number is < 1 or > 4)
            {
                reader.Skip(wireType);
                continue;
            }

            if (wireType != 2) reader.Fail("has a number where bytes were expected");
            switch (number)
            {
                case 1:
                    (apiVersion, kind) = ReadTypeMeta(reader.ReadBytes());
                    break;
                case 2:
                    raw = reader.ReadBytes();
                    break;
                case 3:
                    if (reader.ReadBytes().Length > 0) reader.Fail("names a content encoding; send the bytes as they are");
                    break;
                default:
                    if (reader.ReadString() is not ("" or "application/vnd.kubernetes.protobuf")) reader.Fail("holds another content type");
                    break;
            }
        }

        return (apiVersion, kind, raw.ToArray());
    }

    private static (string ApiVersion, string Kind) ReadTypeMeta(ReadOnlySpan<byte> bytes)
    {
        var (apiVersion, kind) = ("", "");
        var reader = new ProtobufReader(bytes, "the envelope's typeMeta");
        while (!reader.IsAtEnd)
        {
            var number = reader.ReadTag(out var wireType);
            if (number is 1 && wireType == 2) apiVersion = reader.ReadString();
            else if (number is 2 && wireType == 2) kind = reader.ReadString();
            else reader.Skip(wireType);
        }

        return (apiVersion, kind);
    }

    private void ReadFields(ReadOnlySpan<byte> bytes, ProtobufMessage message, JsonObject target, int depth)
    {
        if (depth > DocumentReader.DepthMax) throw ApiErrors.BadRequest($"the body is not valid Kubernetes protobuf: nested more than {DocumentReader.DepthMax} levels deep");
        var reader = new ProtobufReader(bytes, message.Name);
        while (!reader.IsAtEnd)
        {
            var number = reader.ReadTag(out var wireType);
            if (!message.ByNumber.TryGetValue(number, out var field))
            {
                // A newer client's field: pruned, as unknown JSON fields are.
                reader.Skip(wireType);
                continue;
            }

            if (++_valueCount > ValueCountMax) throw ApiErrors.TooLarge($"the body holds more than {ValueCountMax} values");
            ReadField(ref reader, wireType, field, target, depth);
        }
    }

    private void ReadField(ref ProtobufReader reader, int wireType, ProtobufField field, JsonObject target, int depth)
    {
        if (field.Kind == ProtobufKind.Map)
        {
            if (wireType != 2) reader.Fail($"has field {field.Name} in the wrong wire type");
            ReadEntry(reader.ReadBytes(), field, Inner(target, field.Name), depth);
        }
        else if (field.IsInline)
        {
            if (wireType != 2) reader.Fail($"has field {field.Name} in the wrong wire type");
            ReadFields(reader.ReadBytes(), field.Message, target, depth + 1);
        }
        else if (field.IsRepeated)
        {
            if (target[field.Name] is not JsonArray items) target[field.Name] = items = [];
            ReadElements(ref reader, wireType, field, items, depth);
        }
        else if (field is { Kind: ProtobufKind.Message, Message.Form: ProtobufForm.Fields } && wireType == 2)
        {
            // Parts of one message may come apart; they add up.
            ReadFields(reader.ReadBytes(), field.Message, Inner(target, field.Name), depth + 1);
        }
        else if (ReadValue(ref reader, wireType, field, depth) is { } value)
        {
            target[field.Name] = value;
        }
    }

    private static JsonObject Inner(JsonObject target, string name)
    {
        if (target[name] is not JsonObject inner) target[name] = inner = [];
        return inner;
    }

    private void ReadElements(ref ProtobufReader reader, int wireType, ProtobufField field, JsonArray items, int depth)
    {
        var isNumber = field.Kind is ProtobufKind.Int32 or ProtobufKind.Int64 or ProtobufKind.Bool;
        if (!isNumber || wireType != 2)
        {
            items.Add(ReadValue(ref reader, wireType, field, depth));
            return;
        }

        // Numbers may be packed into one value.
        var packed = new ProtobufReader(reader.ReadBytes(), field.Name);
        while (!packed.IsAtEnd)
        {
            if (++_valueCount > ValueCountMax) throw ApiErrors.TooLarge($"the body holds more than {ValueCountMax} values");
            items.Add(ReadValue(ref packed, 0, field, depth));
        }
    }

    private void ReadEntry(ReadOnlySpan<byte> bytes, ProtobufField field, JsonObject target, int depth)
    {
        var key = "";
        JsonNode? value = null;
        var reader = new ProtobufReader(bytes, field.Name);
        while (!reader.IsAtEnd)
        {
            var number = reader.ReadTag(out var wireType);
            if (number == 1 && wireType == 2) key = reader.ReadString();
            else if (number == 2) value = ReadValue(ref reader, wireType, field.Value!, depth + 1);
            else reader.Skip(wireType);
        }

        target[key] = value ?? ZeroOf(field.Value!);
    }

    // Null where a zero means "absent".
    private JsonNode? ReadValue(ref ProtobufReader reader, int wireType, ProtobufField field, int depth)
    {
        var expected = field.Kind switch
        {
            ProtobufKind.Int32 or ProtobufKind.Int64 or ProtobufKind.Bool => 0,
            ProtobufKind.Double => 1,
            _ => 2,
        };
        if (wireType != expected) reader.Fail($"has field {field.Name} in the wrong wire type");
        switch (field.Kind)
        {
            case ProtobufKind.Int32:
                var small = (int)reader.ReadVarint();
                return small == 0 && !field.KeepsZero ? null : JsonNumbers.Create(small);
            case ProtobufKind.Int64:
                var large = (long)reader.ReadVarint();
                return large == 0 && !field.KeepsZero ? null : JsonNumbers.Create(large);
            case ProtobufKind.Bool:
                var flag = reader.ReadVarint() != 0;
                return !flag && !field.KeepsZero ? null : JsonValue.Create(flag);
            case ProtobufKind.Double:
                var number = reader.ReadDouble();
                if (!double.IsFinite(number)) reader.Fail($"has field {field.Name} that is not a number");
                return JsonValue.Create(number);
            case ProtobufKind.String:
                var text = reader.ReadString();
                return text.Length == 0 && !field.KeepsZero ? null : JsonValue.Create(text);
            case ProtobufKind.Bytes:
                var bytes = reader.ReadBytes();
                return bytes.IsEmpty && !field.KeepsZero ? null : JsonValue.Create(Convert.ToBase64String(bytes));
            default:
                return ReadMessage(reader.ReadBytes(), field.Message, depth + 1);
        }
    }

    private JsonNode? ReadMessage(ReadOnlySpan<byte> bytes, ProtobufMessage message, int depth)
    {
        if (message.Form == ProtobufForm.Fields)
        {
            var inner = new JsonObject();
            ReadFields(bytes, message, inner, depth);
            return inner;
        }

        if (message.Form == ProtobufForm.Json) return ReadJson(bytes, depth);
        var parts = new JsonObject();
        ReadFields(bytes, message, parts, depth);
        switch (message.Form)
        {
            case ProtobufForm.Quantity:
                return parts["string"] is { } text ? text.DeepClone() : JsonValue.Create("0");
            case ProtobufForm.IntOrString:
                JsonNumbers.TryRead(parts["type"], out var type);
                if (type == 1) return parts["strVal"]?.DeepClone() ?? JsonValue.Create("");
                return parts["intVal"]?.DeepClone() ?? JsonNumbers.Create(0);
            case ProtobufForm.Strings:
                return parts["items"]?.DeepClone() ?? new JsonArray();
            default:
                return ReadTime(parts, message.Form == ProtobufForm.MicroTime);
        }
    }

    private static JsonValue? ReadTime(JsonObject parts, bool isMicro)
    {
        if (parts.Count == 0) return null;
        JsonNumbers.TryRead(parts["seconds"], out var seconds);
        JsonNumbers.TryRead(parts["nanos"], out var nanos);
        // Years 1 to 9999, what RFC 3339 can say; the first second is how an unset time looks to Go.
        if (seconds <= -62_135_596_800) return null;
        if (seconds >= 253_402_300_800 || nanos is < 0 or > 999_999_999)
        {
            throw ApiErrors.BadRequest(string.Create(CultureInfo.InvariantCulture, $"the body is not valid Kubernetes protobuf: a time is {seconds} seconds and {nanos} nanoseconds after 1970"));
        }

        var time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100);
        return JsonValue.Create(isMicro ? Timestamps.FormatMicro(time) : Timestamps.Format(time));
    }

    private JsonNode? ReadJson(ReadOnlySpan<byte> bytes, int depth)
    {
        ReadOnlySpan<byte> raw = [];
        var reader = new ProtobufReader(bytes, "an embedded document");
        while (!reader.IsAtEnd)
        {
            var number = reader.ReadTag(out var wireType);
            if (number == 1 && wireType == 2) raw = reader.ReadBytes();
            else reader.Skip(wireType);
        }

        if (raw.IsEmpty) return null;
        if (!raw.StartsWith(ProtobufTranscoder.Magic)) return DocumentReader.ParseAny(raw);
        var (apiVersion, kind, inner) = ReadEnvelope(raw[ProtobufTranscoder.Magic.Length..]);
        if (ProtobufCatalog.BuiltIn.Find(GroupVersionKind.From(apiVersion, kind)) is not { Form: ProtobufForm.Fields } message) throw ApiErrors.BadRequest($"no kind \"{kind}\" is registered for version \"{apiVersion}\" in protobuf");
        var document = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
        ReadFields(inner, message, document, depth + 1);
        return document;
    }

    private static JsonNode? ZeroOf(ProtobufField field) => field.Kind switch
    {
        ProtobufKind.String or ProtobufKind.Bytes => JsonValue.Create(""),
        ProtobufKind.Bool => JsonValue.Create(false),
        ProtobufKind.Message => field.Message.Form switch
        {
            ProtobufForm.Fields => new JsonObject(),
            ProtobufForm.Strings => new JsonArray(),
            ProtobufForm.Quantity => JsonValue.Create("0"),
            _ => null,
        },
        _ => JsonNumbers.Create(0),
    };
}
