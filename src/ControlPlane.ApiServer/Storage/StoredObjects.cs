using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Resources;
using ControlPlane.Store;

namespace ControlPlane.ApiServer.Storage;

/// <summary>From records of the store to objects of the API.</summary>
public static class StoredObjects
{
    /// <summary>The object a record holds, as clients read it.</summary>
    public static ResourceObject ToObject(ResourceDescriptor resource, Record record) => ToObject(resource, record.Key.Span, record.Value.Span, record.Modified.Value);

    /// <summary>The object of a stored value at a revision that may differ from its record's: the last state of a deleted object.</summary>
    public static ResourceObject ToObject(ResourceDescriptor resource, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long revision)
    {
        var (@namespace, name) = ObjectKeys.NameOf(resource, key);
        return new ResourceObject(resource, @namespace, name, StoredMetadata.Uid(value), revision, StoredForm.WithResourceVersion(value, revision));
    }

    /// <summary>A mutable copy of the stored document, without resourceVersion.</summary>
    public static JsonObject ToDocument(Record record) => (JsonObject)JsonNode.Parse(record.Value.Span)!;

    /// <summary>The object of a given kind and name in a view, or null.</summary>
    public static Record? Find(this StoreView view, ResourceDescriptor resource, string? @namespace, string name) =>
        view.Get(ObjectKeys.Of(resource, @namespace, name));
}
