using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using ControlPlane.Api.Errors;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Where the next page of a list starts: base64url of <c>{"v":"meta.k8s.io/v1","rv":439,"start":"/l02\u0000"}</c>, where <c>start</c> is the first key
/// of the page behind the list's prefix. Pinned to one revision, so pages never overlap or miss.</summary>
/// <param name="Start">With a leading slash.</param>
internal readonly record struct ContinueToken(long Revision, string Start)
{
    public string Encode()
    {
        var json = $"{{\"v\":\"meta.k8s.io/v1\",\"rv\":{Revision},\"start\":{JsonSerializer.Serialize(Start, SmallJson.Default.String)}}}";
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
    }

    /// <exception cref="ApiException">400: not a token of ours.</exception>
    public static ContinueToken Decode(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(text.TrimEnd('=').Replace('+', '-').Replace('/', '_')));
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("v", out var version) || version.GetString() != "meta.k8s.io/v1")
            {
                throw ApiErrors.BadRequest("invalid continue token: continue key is not valid: unknown version; start the list again without it");
            }

            var start = root.GetProperty("start").GetString() ?? "";
            var revision = root.GetProperty("rv").GetInt64();
            if (!start.StartsWith('/') || revision <= 0) throw new FormatException("start and rv are out of range");
            return new ContinueToken(revision, start);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw ApiErrors.BadRequest($"invalid continue token: continue key is not valid: {exception.Message}");
        }
    }
}
