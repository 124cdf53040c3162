using System.Collections.Immutable;

namespace ControlPlane.Api.Resources;

/// <summary>One row of <c>resources.json</c>: how a kind is served.</summary>
/// <param name="Kind">Group, version and kind.</param>
/// <param name="Plural">Lower-case plural, the path segment: <c>jobs</c>.</param>
/// <param name="Singular">Lower-case singular: <c>job</c>.</param>
/// <param name="IsNamespaced">Whether objects live in a namespace.</param>
/// <param name="ShortNames">Such as <c>po</c>; may be empty.</param>
/// <param name="Categories">Such as <c>all</c>; may be empty.</param>
/// <param name="Verbs">Such as <c>get</c>, <c>list</c>, <c>watch</c>.</param>
/// <param name="Subresources">Such as <c>status</c>, <c>log</c>, <c>binding</c>.</param>
/// <param name="SchemaName">The type's name in <c>schemas.json</c>.</param>
public sealed record ResourceDescriptor(
    GroupVersionKind Kind,
    string Plural,
    string Singular,
    bool IsNamespaced,
    ImmutableArray<string> ShortNames,
    ImmutableArray<string> Categories,
    ImmutableArray<string> Verbs,
    ImmutableArray<SubresourceDescriptor> Subresources,
    string SchemaName)
{
    public string Group => Kind.Group;

    public string Version => Kind.Version;

    /// <summary><c>jobs.batch</c>, or <c>pods</c> in the core group: the spelling of errors and of kubectl.</summary>
    public string QualifiedName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary><c>/api/v1</c> or <c>/apis/batch/v1</c>.</summary>
    public string BasePath => Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";

    /// <summary>The path of a collection, or of one object when <paramref name="name"/> is given.</summary>
    public string Path(string? @namespace, string? name = null, string? subresource = null)
    {
        var path = IsNamespaced && !string.IsNullOrEmpty(@namespace) ? $"{BasePath}/namespaces/{@namespace}/{Plural}" : $"{BasePath}/{Plural}";
        if (name is not null) path += "/" + name;
        if (subresource is not null) path += "/" + subresource;
        return path;
    }

    /// <summary>Descriptors are the same when they name the same kind by the same plural: they are keys of hot dictionaries.</summary>
    public bool Equals(ResourceDescriptor? other) => ReferenceEquals(this, other) || (other is not null && Kind == other.Kind && Plural == other.Plural);

    public override int GetHashCode() => Plural.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => QualifiedName;

    public bool HasSubresource(string name)
    {
        foreach (var subresource in Subresources)
        {
            if (subresource.Name == name) return true;
        }

        return false;
    }
}

/// <param name="Name">Without the resource: <c>status</c>.</param>
/// <param name="Kind">The kind that travels, e.g. <c>autoscaling/v1 Scale</c> or <c>v1 Binding</c>.</param>
/// <param name="Verbs">Such as <c>get</c>, <c>patch</c>, <c>update</c>.</param>
public sealed record SubresourceDescriptor(string Name, GroupVersionKind Kind, ImmutableArray<string> Verbs);
