using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Yaml;

namespace ControlPlane.Commands;

/// <summary>One object of the user's files.</summary>
/// <param name="Body">As the user wrote it.</param>
/// <param name="Document">Where it came from.</param>
internal sealed record Manifest(JsonObject Body, ManifestDocument Document)
{
    public GroupVersionKind Kind => GroupVersionKind.From(Text(Body, "apiVersion"), Text(Body, "kind"));

    public string Name => Text(Body["metadata"] as JsonObject, "name");

    public string Namespace => Text(Body["metadata"] as JsonObject, "namespace");

    /// <summary><c>pi.yaml:3</c>, for errors.</summary>
    public string Place => $"{Document.File}:{Document.Line}";

    private static string Text(JsonObject? owner, string field) => owner?[field] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
}

/// <summary>Reads the files and folders of <c>-f</c>.</summary>
internal static class Manifests
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>All objects, files in name order, lists flattened.</summary>
    /// <param name="paths">Files, folders (not their subfolders), or <c>-</c> for <paramref name="input"/>.</param>
    /// <exception cref="ManifestException">A file is broken, or an object lacks what every object needs.</exception>
    /// <exception cref="CommandException">A path does not exist, or there is nothing in it.</exception>
    public static async Task<IReadOnlyList<Manifest>> ReadAsync(IEnumerable<string> paths, TextReader input, CancellationToken cancellationToken)
    {
        var manifests = new List<Manifest>();
        foreach (var path in paths)
        {
            if (path == "-")
            {
                Collect(YamlDocuments.Read(await input.ReadToEndAsync(cancellationToken), "standard input"), manifests);
                continue;
            }

            foreach (var file in FilesOf(path)) Collect(YamlDocuments.Read(await File.ReadAllBytesAsync(file, cancellationToken), file), manifests);
        }

        if (manifests.Count == 0) throw new CommandException($"no objects in {string.Join(", ", paths)}: the files are empty or hold only comments");
        return manifests;
    }

    private static IEnumerable<string> FilesOf(string path)
    {
        if (File.Exists(path)) return [path];
        if (!Directory.Exists(path)) throw new CommandException($"the path \"{path}\" does not exist");
        var files = Directory.EnumerateFiles(path).Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal).ToList();
        return files.Count > 0 ? files : throw new CommandException($"no {string.Join(", ", Extensions)} files in \"{path}\"");
    }

    private static void Collect(IReadOnlyList<ManifestDocument> documents, List<Manifest> manifests)
    {
        foreach (var document in documents)
        {
            if (document.Root is not JsonObject body) throw new ManifestException(document.File, document.Line, 0, "not an object", "an object begins with apiVersion: and kind:");
            Add(body, document, manifests);
        }
    }

    private static void Add(JsonObject body, ManifestDocument document, List<Manifest> manifests)
    {
        Require(body, document, "apiVersion", "for example apiVersion: batch/v1");
        Require(body, document, "kind", "for example kind: Job");
        if (body["kind"]!.GetValue<string>().EndsWith("List", StringComparison.Ordinal) && body["items"] is JsonArray items)
        {
            foreach (var item in items)
            {
                if (item is not JsonObject inner) throw new ManifestException(document.File, document.Line, 0, "an item of the list is not an object", "each item begins with apiVersion: and kind:");
                Add(inner, document, manifests);
            }

            return;
        }

        manifests.Add(new(body, document));
    }

    private static void Require(JsonObject body, ManifestDocument document, string field, string example)
    {
        if (body[field] is JsonValue value && value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().Length > 0) return;
        throw new ManifestException(document.File, document.Locate(field)?.Line ?? document.Line, 0, $"{field} is missing or not text", $"add it, {example}");
    }

    /// <summary>A document's compact bytes.</summary>
    public static ReadOnlyMemory<byte> Bytes(JsonNode document) => Encoding.UTF8.GetBytes(document.ToJsonString());
}
