using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Wire;
using ControlPlane.ApiServer.Hosting;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Storage;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary>Writes answers in the negotiated form. Objects and lists in JSON go out as the bytes they are stored as; nothing is parsed for them.</summary>
internal sealed class AnswerWriter(IYamlCodec? yaml, TimeProvider time)
{
    // Kubernetes' threshold: below it, compressing costs more than the bytes.
    private const int GzipThresholdBytes = 128 * 1024;

    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] ToJson(JsonNode document, bool isPretty) => Encoding.UTF8.GetBytes(document.ToJsonString(isPretty ? Pretty : Compact));

    /// <summary>Whether answers of a media type can be given for a kind.</summary>
    public bool CanEncode(MediaKind media, ResourceDescriptor resource, bool isList) => media switch
    {
        MediaKind.Yaml => yaml is not null,
        MediaKind.Protobuf => ProtobufTranscoder.TryEncode(new JsonObject
        {
            ["apiVersion"] = resource.Kind.ApiVersion,
            ["kind"] = isList ? resource.Kind.Kind + "List" : resource.Kind.Kind,
            ["metadata"] = new JsonObject(),
        }) is not null,
        _ => true,
    };

    public Task WriteAsync(HttpContext http, int code, ResourceObject answer, AnswerForm form)
    {
        var output = new ArrayBufferWriter<byte>(answer.Json.Length + 256);
        switch (form.Shape)
        {
            case AnswerShape.Table:
                ObjectForms.WriteTableHead(output, answer.Resource, form.MetaVersion, ListMetadata(answer.ResourceVersion, null, null), hasColumns: true);
                ObjectForms.WriteTableRow(output, answer, form, time.GetUtcNow());
                output.Write("]}"u8);
                break;
            case AnswerShape.PartialObjectMetadata:
                ObjectForms.WritePartialMetadata(output, answer, form.MetaVersion);
                break;
            default:
                return SendAsync(http, code, answer.Json, form);
        }

        return SendAsync(http, code, output.WrittenMemory, form);
    }

    public Task WriteAsync(HttpContext http, ListPage page, ResourceDescriptor resource, AnswerForm form)
    {
        var size = 256;
        foreach (var record in page.Records) size += record.Value.Length + 40;
        var output = new ArrayBufferWriter<byte>(size);
        var metadata = ListMetadata(page.Revision, page.Continue, page.RemainingCount);
        var now = time.GetUtcNow();
        switch (form.Shape)
        {
            case AnswerShape.Table:
                ObjectForms.WriteTableHead(output, resource, form.MetaVersion, metadata, hasColumns: true);
                WriteEach(output, page, resource, item => ObjectForms.WriteTableRow(output, item, form, now));
                break;
            case AnswerShape.PartialObjectMetadata or AnswerShape.PartialObjectMetadataList:
                Write(output, $"{{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/{form.MetaVersion}\",\"metadata\":{{");
                output.Write(metadata);
                output.Write("},\"items\":["u8);
                WriteEach(output, page, resource, item => ObjectForms.WritePartialMetadata(output, item, form.MetaVersion));
                break;
            default:
                Write(output, $"{{\"kind\":\"{resource.Kind.Kind}List\",\"apiVersion\":\"{resource.Kind.ApiVersion}\",\"metadata\":{{");
                output.Write(metadata);
                output.Write("},\"items\":["u8);
                // Items of a list do not repeat what the list says.
                var repeated = Encoding.UTF8.GetByteCount($"\"apiVersion\":\"{resource.Kind.ApiVersion}\",\"kind\":\"{resource.Kind.Kind}\",");
                WriteEach(output, page, resource, item =>
                {
                    output.Write("{"u8);
                    output.Write(item.Json.Span[(1 + repeated)..]);
                });
                break;
        }

        output.Write("]}"u8);
        return SendAsync(http, 200, output.WrittenMemory, form);
    }

    public Task WriteAsync(HttpContext http, int code, JsonObject document, AnswerForm form) => SendAsync(http, code, ToJson(document, false), form with { Shape = AnswerShape.Object });

    /// <summary>A refusal. In JSON unless protobuf was asked for first.</summary>
    public Task WriteAsync(HttpContext http, ApiStatus status)
    {
        if (status.Details?.RetryAfterSeconds is { } seconds) http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        else if (status.Code == StatusCodes.Status503ServiceUnavailable) http.Response.Headers.RetryAfter = "1";
        var first = Negotiation.Accepted(http.Request)[0].Type;
        var form = first == "application/vnd.kubernetes.protobuf" ? AnswerForm.Json with { Media = MediaKind.Protobuf } : AnswerForm.Json;
        return SendAsync(http, status.Code, ToJson(status.ToDocument(), false), form with { IsPretty = Negotiation.IsPretty(http.Request) });
    }

    private async Task SendAsync(HttpContext http, int code, ReadOnlyMemory<byte> json, AnswerForm form)
    {
        var body = json;
        if (form.Media == MediaKind.Yaml) body = yaml!.Encode(JsonNode.Parse(json.Span)!);
        else if (form.Media == MediaKind.Protobuf && ProtobufTranscoder.TryEncode((JsonObject)JsonNode.Parse(json.Span)!) is { } protobuf) body = protobuf;
        else if (form.Media == MediaKind.Protobuf) form = form with { Media = MediaKind.Json };
        if (form is { Media: MediaKind.Json, IsPretty: true }) body = ToJson(JsonNode.Parse(json.Span)!, true);

        var response = http.Response;
        response.StatusCode = code;
        response.ContentType = form.ContentType;
        response.Headers.CacheControl = "no-cache, private";
        if (body.Length >= GzipThresholdBytes && http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            await SendCompressedAsync(http, body);
            return;
        }

        response.ContentLength = body.Length;
        if (HttpMethods.IsHead(http.Request.Method)) return;
        await response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }

    private static async Task SendCompressedAsync(HttpContext http, ReadOnlyMemory<byte> body)
    {
        http.Response.Headers.ContentEncoding = "gzip";
        http.Response.Headers.Vary = "Accept-Encoding";
        if (HttpMethods.IsHead(http.Request.Method)) return;
        await using var gzip = new GZipStream(http.Response.BodyWriter.AsStream(leaveOpen: true), CompressionLevel.Fastest);
        await gzip.WriteAsync(body, http.RequestAborted);
    }

    private static void WriteEach(ArrayBufferWriter<byte> output, ListPage page, ResourceDescriptor resource, Action<ResourceObject> write)
    {
        for (var i = 0; i < page.Records.Count; i++)
        {
            if (i > 0) output.Write(","u8);
            write(StoredObjects.ToObject(resource, page.Records[i]));
        }
    }

    // The inside of a list's metadata.
    private static byte[] ListMetadata(long revision, string? next, long? remainingCount)
    {
        var text = $"\"resourceVersion\":\"{revision}\"";
        if (next is not null) text += $",\"continue\":\"{next}\"";
        if (remainingCount is { } count) text += $",\"remainingItemCount\":{count}";
        return Encoding.UTF8.GetBytes(text);
    }

    private static void Write(ArrayBufferWriter<byte> output, string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
