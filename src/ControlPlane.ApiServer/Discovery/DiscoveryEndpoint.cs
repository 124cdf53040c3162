using System.Collections.Concurrent;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;
using ControlPlane.ApiServer.Http;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Discovery;

/// <summary>Serves what the server can do: <c>/version</c>, <c>/api…</c>, <c>/apis…</c>, <c>/openapi…</c>. Documents are made when first asked for and kept.</summary>
internal sealed class DiscoveryEndpoint(ResourceRegistry registry, Func<string> address)
{
    private const int GzipThresholdBytes = 16 * 1024;

    // Schemas come out of this build and nothing else, so the build's identity is their hash: no document is made to tell its hash.
    private static readonly string BuildId = typeof(OpenApiDocuments).Module.ModuleVersionId.ToString("N").ToUpperInvariant();

    private readonly ConcurrentDictionary<string, Made> _made = new(StringComparer.Ordinal);

    /// <summary>False when the path is not of this endpoint.</summary>
    public async Task<bool> TryServeAsync(HttpContext http, string path)
    {
        if (Find(http.Request, path.Length > 1 ? path.TrimEnd('/') : path) is not { } made) return false;
        ServerEndpoint.RequireGet(http);
        if (made.RedirectTo is { } target)
        {
            http.Response.Redirect(target, permanent: true);
            return true;
        }

        await SendAsync(http, made);
        return true;
    }

    private Made? Find(HttpRequest request, string path)
    {
        switch (path)
        {
            case "/version":
                return Json(path, DiscoveryDocuments.Version);
            case "/":
                return Json(path, () => DiscoveryDocuments.Paths(registry));
            case "/api" or "/apis":
                return Aggregated(request, path) ?? Json(path, () => path == "/api" ? DiscoveryDocuments.CoreVersions(address()) : DiscoveryDocuments.Groups(registry));
            case "/openapi/v2":
                return WantsProtobuf(request)
                    ? Kept(path + "?protobuf", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", () => OpenApiDocuments.V2Protobuf(registry))
                    : Kept(path, "application/json", () => OpenApiDocuments.V2(registry));
            case "/openapi/v3":
                return Json(path, SchemaIndex) with { ContentType = "text/plain; charset=utf-8" };
        }

        if (path.StartsWith("/openapi/v3/", StringComparison.Ordinal)) return Schema(request, path["/openapi/v3/".Length..]);
        return path.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["api", var version] => Optional(path, () => DiscoveryDocuments.Resources(registry, "", version)),
            ["apis", var group] => Optional(path, () => DiscoveryDocuments.Group(registry, group)),
            ["apis", var group, var version] => Optional(path, () => DiscoveryDocuments.Resources(registry, group, version)),
            _ => null,
        };
    }

    // kubectl up to 1.28 takes nothing else.
    private static bool WantsProtobuf(HttpRequest request) =>
        request.Headers.Accept.ToString() is var accept && accept.Contains("proto-openapi.spec.v2", StringComparison.Ordinal) && !accept.Contains("application/json", StringComparison.Ordinal);

    private Made? Aggregated(HttpRequest request, string path)
    {
        foreach (var range in Negotiation.Accepted(request))
        {
            if (range.Type is "application/json" or "*/*" && range.Parameter("as").Length == 0) return null;
            var version = range.Parameter("v");
            if (range.Type != "application/json" || range.Parameter("as") != "APIGroupDiscoveryList" || range.Parameter("g") != "apidiscovery.k8s.io" || version is not ("v2" or "v2beta1")) continue;
            return Json($"{path}?{version}", () => DiscoveryDocuments.Aggregated(registry, path == "/api", version)) with
            {
                ContentType = $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList",
            };
        }

        return null;
    }

    private JsonObject SchemaIndex()
    {
        var paths = new JsonObject();
        foreach (var (_, _, path) in DiscoveryDocuments.GroupVersions(registry).OrderBy(served => served.Path, StringComparer.Ordinal))
        {
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={BuildId}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    private Made? Schema(HttpRequest request, string path)
    {
        foreach (var served in DiscoveryDocuments.GroupVersions(registry))
        {
            if (served.Path != path) continue;
            var hash = request.Text("hash");
            if (hash.Length > 0 && hash != BuildId) return new Made([], "", "", $"/openapi/v3/{path}?hash={BuildId}", false);
            var made = Kept("/openapi/v3/" + path, "application/json", () => OpenApiDocuments.V3(registry, served.Group, served.Version));
            return made with { IsForEver = hash.Length > 0 };
        }

        return null;
    }

    private Made? Optional(string path, Func<JsonObject?> make) => make() is { } document ? Json(path, () => document) : null;

    private Made Json(string key, Func<JsonObject> make) => Kept(key, "application/json", () => AnswerWriter.ToJson(make(), isPretty: false));

    private Made Kept(string key, string contentType, Func<byte[]> make)
    {
        if (_made.TryGetValue(key, out var kept)) return kept;
        var bytes = make();
        var made = new Made(bytes, contentType, $"\"{Convert.ToHexString(SHA256.HashData(bytes))}\"", null, false);
        return _made.GetOrAdd(key, made);
    }

    private static async Task SendAsync(HttpContext http, Made made)
    {
        var (request, response) = (http.Request, http.Response);
        response.Headers.ETag = made.Tag;
        response.Headers.Vary = "Accept, Accept-Encoding";
        // What carries its hash in its address never changes.
        response.Headers.CacheControl = made.IsForEver ? "public, immutable, max-age=31536000" : "public";
        if (request.Headers.IfNoneMatch.ToString() == made.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = made.ContentType;
        if (made.Bytes.Length >= GzipThresholdBytes && request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            response.Headers.ContentEncoding = "gzip";
            if (HttpMethods.IsHead(request.Method)) return;
            await using var gzip = new GZipStream(response.BodyWriter.AsStream(leaveOpen: true), CompressionLevel.Fastest);
            await gzip.WriteAsync(made.Bytes, http.RequestAborted);
            return;
        }

        response.ContentLength = made.Bytes.Length;
        if (!HttpMethods.IsHead(request.Method)) await response.BodyWriter.WriteAsync(made.Bytes, http.RequestAborted);
    }

    /// <param name="Tag">For <c>If-None-Match</c>.</param>
    private sealed record Made(byte[] Bytes, string ContentType, string Tag, string? RedirectTo, bool IsForEver);
}
