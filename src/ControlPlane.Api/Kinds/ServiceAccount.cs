using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>The identity pods run under.</summary>
public sealed record ServiceAccount : IResource<ServiceAccount>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("", "v1", "serviceaccounts");

    public static JsonTypeInfo<ServiceAccount> TypeInfo { get; } = KindJson.TypeInfo<ServiceAccount>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public ImmutableArray<ObjectReference> Secrets { get; init => field = value.IsDefault ? [] : value; } = [];

    public bool? AutomountServiceAccountToken { get; init; }
}
