namespace ControlPlane.Api.Resources;

/// <summary>Names one object. <paramref name="Namespace"/> is null for cluster-scoped kinds.</summary>
public readonly record struct ResourceKey(ResourceDescriptor Resource, string? Namespace, string Name)
{
    public override string ToString() => Namespace is null ? $"{Resource.QualifiedName}/{Name}" : $"{Resource.QualifiedName}/{Namespace}/{Name}";
}
