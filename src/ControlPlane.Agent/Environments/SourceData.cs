using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Nodes;

namespace ControlPlane.Agent.Environments;

internal enum SourceKind
{
    ConfigMap,
    Secret,
}

/// <summary>Names a ConfigMap or Secret of the pod's namespace.</summary>
internal readonly record struct SourceName(SourceKind Kind, string Name)
{
    /// <summary>As Kubernetes' messages spell it.</summary>
    public string Word => Kind == SourceKind.ConfigMap ? "configmap" : "secret";
}

/// <summary>The content of a ConfigMap or Secret.</summary>
internal sealed class SourceData
{
    private readonly SortedDictionary<string, byte[]> _entries = new(StringComparer.Ordinal);

    /// <summary>Reads <c>data</c> and <c>binaryData</c>: base64 in a Secret and in binaryData, text in a ConfigMap's data.</summary>
    public SourceData(JsonObject document, SourceKind kind)
    {
        foreach (var (key, value) in document["data"] as JsonObject ?? [])
        {
            var text = (string?)value ?? "";
            _entries[key] = kind == SourceKind.Secret ? Convert.FromBase64String(text) : Encoding.UTF8.GetBytes(text);
        }

        foreach (var (key, value) in document["binaryData"] as JsonObject ?? []) _entries[key] = Convert.FromBase64String((string?)value ?? "");
    }

    /// <summary>In key order.</summary>
    public IReadOnlyDictionary<string, byte[]> Entries => _entries;

    public IEnumerable<KeyValuePair<string, string>> AsText() => _entries.Select(entry => KeyValuePair.Create(entry.Key, Encoding.UTF8.GetString(entry.Value)));

    public bool TryText(string key, [NotNullWhen(true)] out string? value)
    {
        value = _entries.TryGetValue(key, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;
        return value is not null;
    }
}
