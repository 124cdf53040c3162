using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Wire;

/// <summary>From a document to Kubernetes protobuf. Writes backwards, so that the length of a message is known when it is written before it: one pass, no sizes to count.</summary>
internal sealed class ProtobufEncoder
{
    private byte[] _buffer = new byte[1024];
    private int _at = 1024;

    private int Written => _buffer.Length - _at;

    /// <summary>The bytes so far.</summary>
    public byte[] ToArray() => _buffer.AsSpan(_at).ToArray();

    /// <summary>False when the document does not fit the message: it has no protobuf form.</summary>
    public bool TryEncodeEnvelope(JsonObject document, ProtobufMessage message, GroupVersionKind kind)
    {
        WriteText(4, "");
        WriteText(3, "");
        var end = Written;
        if (message.Form != ProtobufForm.Fields || !TryWriteFields(document, message)) return false;
        WriteLength(2, end);
        end = Written;
        WriteText(2, kind.Kind);
        WriteText(1, kind.ApiVersion);
        WriteLength(1, end);
        Write(ProtobufTranscoder.Magic);
        return true;
    }

    private bool TryWriteFields(JsonObject value, ProtobufMessage message)
    {
        foreach (var field in message.Descending)
        {
            if (field.IsInline)
            {
                var end = Written;
                if (!TryWriteFields(value, field.Message)) return false;
                if (Written > end) WriteLength(field.Number, end);
                continue;
            }

            if (!value.TryGetPropertyValue(field.Name, out var node) || node is null) continue;
            var isFine = field switch
            {
                { Kind: ProtobufKind.Map } => node is JsonObject entries && TryWriteEntries(entries, field),
                { IsRepeated: true } => node is JsonArray items && TryWriteItems(items, field),
                _ => TryWriteValue(node, field),
            };
            if (!isFine) return false;
        }

        return true;
    }

    private bool TryWriteItems(JsonArray items, ProtobufField field)
    {
        for (var i = items.Count - 1; i >= 0; i--)
        {
            if (items[i] is not { } item || !TryWriteValue(item, field)) return false;
        }

        return true;
    }

    private bool TryWriteEntries(JsonObject entries, ProtobufField field)
    {
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            var (key, value) = entries.GetAt(i);
            var end = Written;
            if (value is not null && !TryWriteValue(value, field.Value!)) return false;
            WriteText(1, key);
            WriteLength(field.Number, end);
        }

        return true;
    }

    private bool TryWriteValue(JsonNode node, ProtobufField field)
    {
        if (field.Kind == ProtobufKind.Message) return TryWriteMessage(node, field);
        if (node is not JsonValue value) return false;
        switch (field.Kind)
        {
            case ProtobufKind.String when value.TryGetValue<string>(out var text):
                WriteText(field.Number, text);
                return true;
            case ProtobufKind.Bytes when value.TryGetValue<string>(out var base64):
                return TryWriteBase64(field.Number, base64);
            case ProtobufKind.Int32 or ProtobufKind.Int64 when JsonNumbers.TryRead(value, out var number):
                WriteNumber(field.Number, number);
                return true;
            case ProtobufKind.Bool when value.TryGetValue<bool>(out var flag):
                WriteNumber(field.Number, flag ? 1 : 0);
                return true;
            case ProtobufKind.Double when value.GetValueKind() == JsonValueKind.Number && double.TryParse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture, out var real):
                Span<byte> bytes = stackalloc byte[8];
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, real);
                Write(bytes);
                WriteVarint(((ulong)field.Number << 3) | 1);
                return true;
            default:
                return false;
        }
    }

    private bool TryWriteMessage(JsonNode node, ProtobufField field)
    {
        var end = Written;
        switch (field.Message.Form)
        {
            case ProtobufForm.Fields when node is JsonObject inner:
                if (!TryWriteFields(inner, field.Message)) return false;
                break;
            case ProtobufForm.Quantity when node is JsonValue quantity:
                WriteText(1, quantity.TryGetValue<string>(out var amount) ? amount : quantity.ToJsonString());
                break;
            case ProtobufForm.Time or ProtobufForm.MicroTime when node is JsonValue time && time.TryGetValue<string>(out var text):
                if (!Timestamps.TryParse(text, out var instant)) return false;
                WriteNumber(2, instant.Ticks % TimeSpan.TicksPerSecond * 100);
                WriteNumber(1, instant.ToUnixTimeSeconds());
                break;
            case ProtobufForm.IntOrString when node is JsonValue either:
                if (either.TryGetValue<string>(out var word)) WriteIntOrString(1, 0, word);
                else if (JsonNumbers.TryRead(either, out var number)) WriteIntOrString(0, number, "");
                else return false;
                break;
            case ProtobufForm.Json:
                Write(Encoding.UTF8.GetBytes(node.ToJsonString()));
                WriteLength(1, end);
                break;
            case ProtobufForm.Strings when node is JsonArray items:
                for (var i = items.Count - 1; i >= 0; i--)
                {
                    if (items[i] is not JsonValue item || !item.TryGetValue<string>(out var entry)) return false;
                    WriteText(1, entry);
                }

                break;
            default:
                return false;
        }

        WriteLength(field.Number, end);
        return true;
    }

    private void WriteIntOrString(long type, long number, string text)
    {
        WriteText(3, text);
        WriteNumber(2, number);
        WriteNumber(1, type);
    }

    private bool TryWriteBase64(int number, string base64)
    {
        var end = Written;
        var length = (base64.Length / 4 * 3) + 3;
        Reserve(length);
        // Decoded where there is room, then moved to the end.
        var place = _buffer.AsSpan(_at - length, length);
        if (!Convert.TryFromBase64String(base64, place, out var count)) return false;
        place[..count].CopyTo(_buffer.AsSpan(_at - count));
        _at -= count;
        WriteLength(number, end);
        return true;
    }

    private void WriteNumber(int field, long number)
    {
        WriteVarint((ulong)number);
        WriteVarint((ulong)field << 3);
    }

    private void WriteText(int field, string text)
    {
        var end = Written;
        var length = Encoding.UTF8.GetByteCount(text);
        Reserve(length);
        _at -= length;
        Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_at));
        WriteLength(field, end);
    }

    // The head of everything written since.
    private void WriteLength(int field, int since)
    {
        WriteVarint((ulong)(Written - since));
        WriteVarint(((ulong)field << 3) | 2);
    }

    private void WriteVarint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[10];
        var count = 0;
        do
        {
            bytes[count++] = (byte)(value < 0x80 ? value : value | 0x80);
            value >>= 7;
        }
        while (value > 0);

        Write(bytes[..count]);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        _at -= bytes.Length;
        bytes.CopyTo(_buffer.AsSpan(_at));
    }

    private void Reserve(int count)
    {
        if (_at >= count) return;
        var written = Written;
        var grown = new byte[Math.Max(_buffer.Length * 2, written + count)];
        _buffer.AsSpan(_at).CopyTo(grown.AsSpan(grown.Length - written));
        _buffer = grown;
        _at = grown.Length - written;
    }
}
