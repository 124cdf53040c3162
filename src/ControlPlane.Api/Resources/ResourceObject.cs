using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Api.Resources;

/// <summary>One object at one revision: its JSON as clients read it (resourceVersion included) and, on demand, its typed view.
/// Immutable from outside; shared by all readers, also across threads (a typed view made twice is the same value).</summary>
public sealed class ResourceObject(ResourceDescriptor resource, string? @namespace, string name, string uid, long resourceVersion, ReadOnlyMemory<byte> json)
{
    private object? _view;

    public ResourceDescriptor Resource => resource;

    /// <summary>Null for cluster-scoped kinds.</summary>
    public string? Namespace => @namespace;

    public string Name => name;

    public string Uid => uid;

    /// <summary>The revision of the last change; <c>metadata.resourceVersion</c> in JSON.</summary>
    public long ResourceVersion => resourceVersion;

    /// <summary>Compact UTF-8 JSON, resourceVersion included. Owned by this object, never written to.</summary>
    public ReadOnlyMemory<byte> Json => json;

    public ResourceKey Key => new(resource, @namespace, name);

    /// <summary>The typed view, made once.</summary>
    /// <exception cref="JsonException">The JSON does not fit the view; cannot happen for objects the server validated.</exception>
    public T As<T>() where T : class, IResource<T>
    {
        if (_view is T made) return made;
        var view = JsonSerializer.Deserialize(json.Span, T.TypeInfo) ?? throw new JsonException($"{name}: empty document");
        _view = view;
        return view;
    }

    /// <summary>A fresh mutable copy of the document.</summary>
    public JsonObject ToDocument() => (JsonObject)JsonNode.Parse(json.Span)!;
}
