using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Client.Http;

/// <summary>Reads refusals: a <c>v1 Status</c> where the server sent one, else what the status line says.</summary>
internal static class StatusBody
{
    // Enough of a page some proxy wrote to recognise who is speaking.
    private const int ExcerptLengthMax = 200;

    /// <summary>The refusal in a response that is not a success; never null.</summary>
    public static ApiStatus Parse(HttpStatusCode code, string? reasonPhrase, ReadOnlySpan<byte> body)
    {
        if (TryParse(body) is { } status) return status with { Code = status.Code == 0 ? (int)code : status.Code };
        var text = Encoding.UTF8.GetString(body).Trim();
        if (text.Length > ExcerptLengthMax) text = text[..ExcerptLengthMax] + "...";
        return new((int)code, ReasonOf(code), text.Length > 0 ? text : $"the server answered {(int)code} {reasonPhrase}");
    }

    /// <summary>The Status in a document, or null when it is something else.</summary>
    public static ApiStatus? TryParse(ReadOnlySpan<byte> body)
    {
        JsonObject? document;
        try
        {
            document = body.IsEmpty ? null : JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }

        return document is null || Text(document, "kind") != "Status" ? null : From(document);
    }

    /// <summary>From a Status document.</summary>
    public static ApiStatus From(JsonObject document)
    {
        ApiStatusDetails? details = null;
        if (document["details"] is JsonObject given)
        {
            var causes = (given["causes"] as JsonArray ?? []).OfType<JsonObject>()
                .Select(cause => new FieldError(Text(cause, "reason"), Text(cause, "field"), Text(cause, "message")));
            details = new(OrNull(given, "name"), OrNull(given, "group"), OrNull(given, "kind"), OrNull(given, "uid"), [.. causes], (int?)Number(given, "retryAfterSeconds"));
        }

        return new((int)(Number(document, "code") ?? 0), Text(document, "reason"), Text(document, "message"), details);
    }

    private static string ReasonOf(HttpStatusCode code) => code switch
    {
        HttpStatusCode.BadRequest => "BadRequest",
        HttpStatusCode.Unauthorized => "Unauthorized",
        HttpStatusCode.Forbidden => "Forbidden",
        HttpStatusCode.NotFound => "NotFound",
        HttpStatusCode.MethodNotAllowed => "MethodNotAllowed",
        HttpStatusCode.Conflict => "Conflict",
        HttpStatusCode.Gone => "Expired",
        HttpStatusCode.RequestEntityTooLarge => "RequestEntityTooLarge",
        HttpStatusCode.TooManyRequests => "TooManyRequests",
        HttpStatusCode.InternalServerError => "InternalError",
        HttpStatusCode.ServiceUnavailable => "ServiceUnavailable",
        HttpStatusCode.GatewayTimeout => "Timeout",
        _ => "",
    };

    private static string Text(JsonObject owner, string field) => owner[field] is JsonValue value ? value.ToString() : "";

    private static string? OrNull(JsonObject owner, string field) => owner[field] is JsonValue value ? value.ToString() : null;

    private static long? Number(JsonObject owner, string field) => owner[field] is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;
}
