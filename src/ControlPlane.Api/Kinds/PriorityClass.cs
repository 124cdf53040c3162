using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>A name for a priority of pods.</summary>
public sealed record PriorityClass : IResource<PriorityClass>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("scheduling.k8s.io", "v1", "priorityclasses");

    public static JsonTypeInfo<PriorityClass> TypeInfo { get; } = KindJson.TypeInfo<PriorityClass>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>Higher goes first.</summary>
    public int Value { get; init; }

    /// <summary>For pods that name no class.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool GlobalDefault { get; init; }

    public string? Description { get; init; }

    /// <summary><c>PreemptLowerPriority</c> or <c>Never</c>.</summary>
    public string? PreemptionPolicy { get; init; }
}
