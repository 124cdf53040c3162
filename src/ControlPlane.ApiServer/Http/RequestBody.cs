using System.Buffers;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Wire;
using ControlPlane.ApiServer.Hosting;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary>Reads request bodies: bounded, then JSON, YAML or Kubernetes protobuf.</summary>
internal sealed class RequestBody(IYamlCodec? yaml)
{
    /// <summary>3 MiB, as Kubernetes.</summary>
    public const int SizeMax = 3 * 1024 * 1024;

    /// <summary>A body up to this size is read to its end before it is refused: a client that is still sending would meet a closed connection and never
    /// read why.</summary>
    public const int DrainedSizeMax = 16 * 1024 * 1024;

    /// <summary>The media type of the body, lower case, without parameters; JSON when none is named.</summary>
    public static string MediaTypeOf(HttpRequest request)
    {
        var type = request.ContentType ?? "";
        var semicolon = type.IndexOf(';');
        if (semicolon >= 0) type = type[..semicolon];
        return type.Length == 0 ? "application/json" : type.Trim().ToLowerInvariant();
    }

    /// <exception cref="ApiException">413.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > SizeMax)
        {
            await DrainAsync(request, cancellationToken);
            throw TooLarge();
        }

        var buffer = new ArrayBufferWriter<byte>((int)Math.Max(request.ContentLength ?? 4096, 256));
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            foreach (var segment in read.Buffer) buffer.Write(segment.Span);
            reader.AdvanceTo(read.Buffer.End);
            if (buffer.WrittenCount > SizeMax)
            {
                if (!read.IsCompleted) await DrainAsync(request, cancellationToken);
                throw TooLarge();
            }

            if (read.IsCompleted) return buffer.WrittenMemory;
        }
    }

    // Kestrel's own limit ends this with its 413 for what is larger still.
    private static async Task DrainAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return;
        }
    }

    /// <summary>The body as a document.</summary>
    /// <param name="kind">What it should be, for messages.</param>
    /// <exception cref="ApiException">400 for what cannot be read, 415 for a form that is not spoken here.</exception>
    public async Task<Body> ReadDocumentAsync(HttpRequest request, string kind, CancellationToken cancellationToken)
    {
        var media = MediaTypeOf(request);
        if (media is not ("application/json" or "application/yaml" or "application/x-yaml" or "text/yaml" or "application/vnd.kubernetes.protobuf") || (yaml is null && media.EndsWith("yaml", StringComparison.Ordinal)))
        {
            throw ApiErrors.UnsupportedMediaType("the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf");
        }

        var bytes = await ReadAsync(request, cancellationToken);
        if (media == "application/vnd.kubernetes.protobuf") return new Body(ProtobufTranscoder.Decode(bytes.Span), []);
        if (media != "application/json") return new Body(DecodeYaml(bytes, kind), []);
        var duplicates = new List<string>();
        return new Body(DocumentReader.Parse(bytes.Span, duplicates), duplicates);
    }

    /// <summary>The document of a body that may be absent: null then.</summary>
    public async Task<JsonObject?> ReadOptionalAsync(HttpRequest request, string kind, CancellationToken cancellationToken)
    {
        if (request.ContentLength is 0 || (request.ContentLength is null && !request.Headers.TransferEncoding.Any() && request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal))) return null;
        var bytes = await ReadAsync(request, cancellationToken);
        if (bytes.Span.Trim(" \r\n\t"u8).IsEmpty) return null;
        return MediaTypeOf(request) switch
        {
            "application/vnd.kubernetes.protobuf" => ProtobufTranscoder.Decode(bytes.Span),
            "application/yaml" when yaml is not null => DecodeYaml(bytes, kind),
            _ => DocumentReader.Parse(bytes.Span, new List<string>()),
        };
    }

    private JsonObject DecodeYaml(ReadOnlyMemory<byte> bytes, string kind)
    {
        try
        {
            return yaml!.Decode(bytes.Span) as JsonObject ?? throw new FormatException("the document is not a mapping of names to values");
        }
        catch (FormatException exception)
        {
            throw ApiErrors.BadRequest($"the object provided is unrecognized (must be of type {kind}): yaml: {exception.Message}");
        }
    }

    private static ApiException TooLarge() => ApiErrors.TooLarge($"Request entity too large: limit is {SizeMax}");

    /// <param name="Duplicates">Keys that stood twice, by path.</param>
    public sealed record Body(JsonObject Document, IReadOnlyList<string> Duplicates);
}
