using System.Text.Json.Nodes;

namespace ControlPlane.Client.Yaml;

/// <summary>One document of a file.</summary>
/// <param name="Root">Never null: documents without content are left out.</param>
/// <param name="File">As the user named it.</param>
/// <param name="Line">Where its content starts, from 1.</param>
public sealed record ManifestDocument(JsonNode Root, string File, long Line)
{
    /// <summary>Finds the place of a field, for errors that come back from a server; set by <see cref="YamlDocuments"/>.</summary>
    internal Func<string, (long Line, long Column)?>? Places { get; init; }

    /// <summary>Where a field such as <c>spec.template.spec.containers[0].image</c> is written; the nearest enclosing field when it is absent; null when
    /// nothing on the way is.</summary>
    public (long Line, long Column)? Locate(string field)
    {
        for (var path = field; path.Length > 0; path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))])
        {
            if (Places?.Invoke(path) is { } place) return place;
        }

        return null;
    }
}
