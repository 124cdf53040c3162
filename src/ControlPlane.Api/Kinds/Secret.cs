using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>Bytes under keys that are not for every eye.</summary>
public sealed record Secret : IResource<Secret>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("", "v1", "secrets");

    public static JsonTypeInfo<Secret> TypeInfo { get; } = KindJson.TypeInfo<Secret>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>Decoded; base64 in JSON.</summary>
    public IReadOnlyDictionary<string, byte[]>? Data { get; init; }

    /// <summary>Such as <c>Opaque</c>.</summary>
    public string? Type { get; init; }

    public bool? Immutable { get; init; }
}
