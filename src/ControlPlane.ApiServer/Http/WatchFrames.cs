using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Wire;
using ControlPlane.ApiServer.Watches;

namespace ControlPlane.ApiServer.Http;

/// <summary>Writes watch events in one form. One instance a watch: a Table names its columns in its first event only.</summary>
/// <remarks>JSON: <c>{"type":"ADDED","object":{…}}\n</c>. Protobuf: four bytes of length, big-endian, then the message <c>WatchEvent</c>:
/// field 1 the type, field 2 a <c>RawExtension</c> whose field 1 is the object in its usual envelope. Worked example, type ADDED and a three-byte object
/// <c>01 02 03</c>: <c>00 00 00 0e | 0a 05 41 44 44 45 44 | 12 05 0a 03 01 02 03</c>.</remarks>
internal sealed class WatchFrames(ResourceDescriptor resource, AnswerForm form, TimeProvider time)
{
    // The empty list of the kind, which tells a streaming client what it is assembling.
    private readonly string _blueprint = Convert.ToBase64String(Encoding.UTF8.GetBytes(
        $"{{\"kind\":\"{resource.Kind.Kind}List\",\"apiVersion\":\"{resource.Kind.ApiVersion}\",\"metadata\":{{}},\"items\":null}}\n"));

    private bool _hasColumns;

    /// <param name="revision">Of the event.</param>
    public void Write(IBufferWriter<byte> output, WatchEventType type, EncodedForms forms, long revision)
    {
        var bytes = forms.Get(form, time.GetUtcNow()).Span;
        if (form.Shape != AnswerShape.Table)
        {
            WriteFrame(output, type, bytes);
            return;
        }

        BeginJson(output, type);
        Span<byte> metadata = stackalloc byte[48];
        ObjectForms.WriteTableHead(output, resource, form.MetaVersion, metadata[..ListMetadata(metadata, revision)], !_hasColumns);
        _hasColumns = true;
        output.Write(bytes);
        output.Write("]}}\n"u8);
    }

    /// <summary>A bookmark: the revision that everything was sent up to.</summary>
    /// <param name="isSnapshotEnd">Marks the end of the initial events.</param>
    public void WriteBookmark(IBufferWriter<byte> output, long revision, bool isSnapshotEnd)
    {
        if (form.Shape == AnswerShape.Table)
        {
            BeginJson(output, WatchEventType.Bookmark);
            Span<byte> metadata = stackalloc byte[48];
            ObjectForms.WriteTableHead(output, resource, form.MetaVersion, metadata[..ListMetadata(metadata, revision)], hasColumns: false);
            if (isSnapshotEnd) output.Write(Encoding.UTF8.GetBytes($"{{\"cells\":[],\"object\":{Bookmark(revision, true).ToJsonString()}}}"));
            output.Write("]}}\n"u8);
            return;
        }

        var bookmark = Bookmark(revision, isSnapshotEnd);
        WriteFrame(output, WatchEventType.Bookmark, Encode(bookmark));
    }

    /// <summary>An error, after which the stream ends.</summary>
    public void WriteError(IBufferWriter<byte> output, ApiStatus status)
    {
        var bytes = Encode(status.ToDocument());
        if (form.Media == MediaKind.Protobuf) WriteProtobuf(output, "ERROR"u8, bytes);
        else
        {
            output.Write("{\"type\":\"ERROR\",\"object\":"u8);
            output.Write(bytes);
            output.Write("}\n"u8);
        }
    }

    private JsonObject Bookmark(long revision, bool isSnapshotEnd)
    {
        var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(), ["creationTimestamp"] = null };
        if (isSnapshotEnd)
        {
            metadata["annotations"] = new JsonObject
            {
                ["k8s.io/initial-events-end"] = "true",
                ["kubernetes.io/initial-events-list-blueprint"] = _blueprint,
            };
        }

        var isPartial = form.Shape == AnswerShape.PartialObjectMetadata;
        return new JsonObject
        {
            ["kind"] = isPartial ? "PartialObjectMetadata" : resource.Kind.Kind,
            ["apiVersion"] = isPartial ? $"meta.k8s.io/{form.MetaVersion}" : resource.Kind.ApiVersion,
            ["metadata"] = metadata,
        };
    }

    private byte[] Encode(JsonObject document) =>
        form.Media == MediaKind.Protobuf ? ProtobufTranscoder.TryEncode(document) ?? [] : AnswerWriter.ToJson(document, isPretty: false);

    private void WriteFrame(IBufferWriter<byte> output, WatchEventType type, ReadOnlySpan<byte> bytes)
    {
        if (form.Media == MediaKind.Protobuf)
        {
            WriteProtobuf(output, NameOf(type), bytes);
            return;
        }

        BeginJson(output, type);
        output.Write(bytes);
        output.Write("}\n"u8);
    }

    private static void BeginJson(IBufferWriter<byte> output, WatchEventType type)
    {
        output.Write("{\"type\":\""u8);
        output.Write(NameOf(type));
        output.Write("\",\"object\":"u8);
    }

    private static void WriteProtobuf(IBufferWriter<byte> output, ReadOnlySpan<byte> type, ReadOnlySpan<byte> bytes)
    {
        var extensionSize = 1 + VarintSize(bytes.Length) + bytes.Length;
        var size = 2 + type.Length + 1 + VarintSize(extensionSize) + extensionSize;
        var head = output.GetSpan(32);
        BinaryPrimitives.WriteInt32BigEndian(head, size);
        var at = 4;
        head[at++] = 0x0a;
        head[at++] = (byte)type.Length;
        type.CopyTo(head[at..]);
        at += type.Length;
        head[at++] = 0x12;
        at += WriteVarint(head[at..], extensionSize);
        head[at++] = 0x0a;
        at += WriteVarint(head[at..], bytes.Length);
        output.Advance(at);
        output.Write(bytes);
    }

    private static int VarintSize(int value)
    {
        var size = 1;
        for (var rest = (uint)value; rest >= 0x80; rest >>= 7) size++;
        return size;
    }

    private static int WriteVarint(Span<byte> output, int value)
    {
        var at = 0;
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7) output[at++] = (byte)(rest | 0x80);
        output[at++] = (byte)rest;
        return at;
    }

    private static int ListMetadata(Span<byte> output, long revision)
    {
        "\"resourceVersion\":\""u8.CopyTo(output);
        Utf8Formatter.TryFormat(revision, output["\"resourceVersion\":\"".Length..], out var digits);
        var at = "\"resourceVersion\":\"".Length + digits;
        output[at] = (byte)'"';
        return at + 1;
    }

    private static ReadOnlySpan<byte> NameOf(WatchEventType type) => type switch
    {
        WatchEventType.Added => "ADDED"u8,
        WatchEventType.Modified => "MODIFIED"u8,
        WatchEventType.Deleted => "DELETED"u8,
        _ => "BOOKMARK"u8,
    };
}
