using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Client.Http;

/// <summary>Reads a watch: JSON values <c>{"type":"ADDED","object":{…}}</c>, one a line, that may arrive split at any byte. One pooled buffer; the only
/// lasting allocation of an event is the object itself.</summary>
internal static class WatchStream
{
    // A typical pod fits many times; one event of the largest object grows the buffer once.
    private const int BufferSizeBytes = 64 * 1024;

    // Ten times the largest object a server stores: whoever sends a longer line is not a watch.
    private const int LineSizeBytesMax = 32 * 1024 * 1024;

    /// <summary>The lines of a stream, without their ends; empty ones are left out. A line is valid until the next one is asked for.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSizeBytes);
        try
        {
            var (start, end, scanned) = (0, 0, 0);
            while (true)
            {
                var length = buffer.AsSpan(scanned, end - scanned).IndexOf((byte)'\n');
                if (length >= 0)
                {
                    var lineEnd = scanned + length;
                    if (lineEnd > start) yield return buffer.AsMemory(start, lineEnd - start);
                    start = scanned = lineEnd + 1;
                    continue;
                }

                scanned = end;
                if (start > 0)
                {
                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                    (start, end, scanned) = (0, end - start, scanned - start);
                }

                if (end == buffer.Length)
                {
                    if (buffer.Length >= LineSizeBytesMax) throw new InvalidDataException($"a line of the watch is longer than {LineSizeBytesMax} bytes");
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, end).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                var count = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
                // A line without an end was cut off: what it said is asked for again from the last whole one.
                if (count == 0) yield break;
                end += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>One event.</summary>
    /// <exception cref="ApiException">The line is an ERROR event.</exception>
    /// <exception cref="InvalidDataException">The line is not a watch event.</exception>
    public static WatchEvent Parse(ResourceDescriptor resource, ReadOnlySpan<byte> line)
    {
        try
        {
            var type = Split(line, out var json);
            if (type == "ERROR") throw new ApiException(StatusBody.Parse(System.Net.HttpStatusCode.InternalServerError, "in a watch", json));
            var item = ObjectBytes.Parse(resource, json.ToArray());
            return type switch
            {
                "ADDED" => new(WatchEventType.Added, item, item.ResourceVersion),
                "MODIFIED" => new(WatchEventType.Modified, item, item.ResourceVersion),
                "DELETED" => new(WatchEventType.Deleted, item, item.ResourceVersion),
                "BOOKMARK" => new(WatchEventType.Bookmark, null, item.ResourceVersion),
                _ => throw new InvalidDataException($"a watch sent an event of unknown type \"{type}\""),
            };
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"a watch sent a line that is not an event: {broken.Message}", broken);
        }
    }

    /// <summary>An event's type, and the bytes of its object within the line.</summary>
    public static string Split(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("an object was expected");
        var type = "";
        json = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            if (isType) type = TypeOf(ref reader);
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isObject) json = line[start..(int)reader.BytesConsumed];
        }

        return type;
    }

    // The five words of the protocol, without a new string an event.
    private static string TypeOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("MODIFIED"u8)) return "MODIFIED";
        if (reader.ValueTextEquals("ADDED"u8)) return "ADDED";
        if (reader.ValueTextEquals("DELETED"u8)) return "DELETED";
        if (reader.ValueTextEquals("BOOKMARK"u8)) return "BOOKMARK";
        return reader.GetString() ?? "";
    }
}
