using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>Configuration as text and bytes under keys.</summary>
public sealed record ConfigMap : IResource<ConfigMap>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("", "v1", "configmaps");

    public static JsonTypeInfo<ConfigMap> TypeInfo { get; } = KindJson.TypeInfo<ConfigMap>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public IReadOnlyDictionary<string, string>? Data { get; init; }

    public IReadOnlyDictionary<string, byte[]>? BinaryData { get; init; }

    public bool? Immutable { get; init; }
}
