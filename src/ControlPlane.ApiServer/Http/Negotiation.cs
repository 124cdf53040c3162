using System.Globalization;
using ControlPlane.Api.Errors;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary>One entry of an <c>Accept</c> header.</summary>
/// <param name="Type">Lower case, without parameters: <c>application/json</c>.</param>
internal sealed record MediaRange(string Type, IReadOnlyDictionary<string, string> Parameters, double Quality)
{
    public string Parameter(string name) => Parameters.TryGetValue(name, out var value) ? value : "";
}

/// <summary>Chooses the form of an answer from <c>Accept</c>.</summary>
internal static class Negotiation
{
    private const string Json = "application/json";
    private const string Yaml = "application/yaml";
    private const string Protobuf = "application/vnd.kubernetes.protobuf";

    /// <summary>The entries of the header, best first; JSON when there is no header.</summary>
    public static List<MediaRange> Accepted(HttpRequest request)
    {
        var ranges = new List<MediaRange>();
        foreach (var header in request.Headers.Accept)
        {
            foreach (var entry in (header ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) ranges.Add(Parse(entry));
        }

        if (ranges.Count == 0) ranges.Add(new MediaRange(Json, new Dictionary<string, string>(), 1));
        return [.. ranges.OrderByDescending(range => range.Quality)];
    }

    /// <summary>The form for an object, a list or a watch.</summary>
    /// <param name="allowsShapes">False where only the object itself makes sense.</param>
    /// <param name="canEncode">Whether a media type can carry this kind.</param>
    /// <exception cref="ApiException">406 with what could be had.</exception>
    public static AnswerForm Choose(HttpRequest request, bool isList, bool isWatch, bool allowsShapes, Func<MediaKind, bool> canEncode)
    {
        string? listNeeded = null;
        foreach (var range in Accepted(request))
        {
            if (MediaOf(range.Type) is not { } media || !canEncode(media)) continue;
            var shape = range.Parameter("as") switch
            {
                "" => AnswerShape.Object,
                "Table" => AnswerShape.Table,
                "PartialObjectMetadata" => AnswerShape.PartialObjectMetadata,
                "PartialObjectMetadataList" => AnswerShape.PartialObjectMetadataList,
                _ => (AnswerShape?)null,
            };
            if (shape is null) continue;
            if (shape != AnswerShape.Object)
            {
                if (!allowsShapes || range.Parameter("g") != "meta.k8s.io" || range.Parameter("v") is not ("v1" or "v1beta1")) continue;
                // Protobuf of these has no schema here; clients that ask for it name JSON next.
                if (media == MediaKind.Protobuf) continue;
                if (shape == AnswerShape.PartialObjectMetadataList && !isList)
                {
                    listNeeded = "you requested PartialObjectMetadataList, but the requested object is not a list";
                    continue;
                }
            }

            if (isWatch && media == MediaKind.Yaml) continue;
            var rowObject = request.Query["includeObject"].ToString() switch { "None" => RowObject.None, "Object" => RowObject.Object, _ => RowObject.Metadata };
            return new AnswerForm(media, shape.Value, range.Parameter("v") is { Length: > 0 } version ? version : "v1", rowObject, IsPretty(request));
        }

        throw ApiErrors.NotAcceptable(listNeeded ?? NotAcceptable(isList));
    }

    public static string NotAcceptable(bool isList) => "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        + (isList ? ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch" : "");

    public static bool IsPretty(HttpRequest request) => request.Query["pretty"].ToString() is "true" or "1";

    private static MediaKind? MediaOf(string type) => type switch
    {
        Json or "*/*" or "application/*" => MediaKind.Json,
        Yaml or "application/x-yaml" or "text/yaml" => MediaKind.Yaml,
        Protobuf => MediaKind.Protobuf,
        _ => null,
    };

    private static MediaRange Parse(string entry)
    {
        var parts = entry.Split(';', StringSplitOptions.TrimEntries);
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in parts.AsSpan(1))
        {
            var equals = part.IndexOf('=');
            if (equals > 0) parameters[part[..equals]] = part[(equals + 1)..].Trim('"');
        }

        var quality = parameters.TryGetValue("q", out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 1;
        return new MediaRange(parts[0].ToLowerInvariant(), parameters, quality);
    }
}
