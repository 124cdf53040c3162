using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Client.Yaml;

/// <summary>Reads YAML and JSON files as Kubernetes reads them (YAML 1.1 words, everything ends up as JSON), and writes YAML as kubectl prints it.</summary>
public static class YamlDocuments
{
    /// <summary>All documents of a file that have content, in order.</summary>
    /// <param name="utf8">The file; a byte order mark is fine.</param>
    /// <param name="file">How to name it in errors.</param>
    /// <exception cref="ManifestException">The file cannot be read, with place and remedy.</exception>
    public static IReadOnlyList<ManifestDocument> Read(ReadOnlySpan<byte> utf8, string file)
    {
        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        string text;
        try
        {
            text = StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException broken)
        {
            var line = utf8[..Math.Clamp(broken.Index, 0, utf8.Length)].Count((byte)'\n') + 1;
            throw new ManifestException(file, line, 0, "not UTF-8 text", "save the file as UTF-8", broken);
        }

        return Read(text, file);
    }

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string)"/>
    public static IReadOnlyList<ManifestDocument> Read(string text, string file)
    {
        JsonException? notJson = null;
        if (text.AsSpan().TrimStart() is ['{', ..])
        {
            try
            {
                return [.. JsonComposer.Compose(Encoding.UTF8.GetBytes(text), file).Select(found => new ManifestDocument(found.Root, file, found.Line))];
            }
            catch (JsonException broken)
            {
                // YAML may begin with a brace as well; only if it is not that either is the JSON to blame.
                notJson = broken;
            }
        }

        try
        {
            return [.. new YamlComposer(text, file).Compose().Select((found, i) => new ManifestDocument(found.Root, file, found.Line) { Places = PlacesIn(text, file, i) })];
        }
        catch (ManifestException) when (notJson is not null)
        {
            throw new ManifestException(
                file, (notJson.LineNumber ?? 0) + 1, (notJson.BytePositionInLine ?? 0) + 1, $"not valid JSON: {ProblemOf(notJson)}", "check this place and the one before it", notJson);
        }
    }

    /// <summary>One document as YAML that <see cref="Read(string, string)"/> reads back as the same document.</summary>
    /// <param name="sortKeys">As kubectl prints; else the order of the document.</param>
    public static string Write(JsonNode? document, bool sortKeys = false) => YamlWriter.Write(document, sortKeys);

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    // Places are wanted only when something was refused: the file is read a second time then.
    private static Func<string, (long, long)?> PlacesIn(string text, string file, int document)
    {
        Dictionary<string, (long, long)>? places = null;
        return path =>
        {
            if (places is null)
            {
                places = new(StringComparer.Ordinal);
                new YamlComposer(text, file, places) { PlacesOf = document }.Compose();
            }

            return places.TryGetValue(path, out var place) ? place : null;
        };
    }

    private static string ProblemOf(JsonException broken)
    {
        var message = broken.Message;
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.');
    }
}
