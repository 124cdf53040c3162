using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

/// <summary>What a schema cannot say about a kind: one subclass a kind, found by <see cref="For"/>; the base class is right for a kind without peculiarities.
/// Documents are mutable copies owned by the caller.</summary>
public class KindRules
{
    /// <summary>The rules of a resource; never null.</summary>
    public static KindRules For(ResourceDescriptor resource) => throw new NotImplementedException(resource.Plural);

    /// <summary>Fills in absent fields as a real API server does (after pruning, before validation). Idempotent.</summary>
    public virtual void Default(JsonObject document)
    {
    }

    /// <summary>Before a create is validated: drops status where clients may not set it, adds generated labels and selectors.</summary>
    public virtual void PrepareForCreate(JsonObject document, in WriteContext context)
    {
    }

    /// <summary>Before an update is validated: restores what this path may not change (status on the main path, spec on the status path)
    /// and raises <c>metadata.generation</c> when spec changed.</summary>
    /// <param name="subresource">Null for the main path.</param>
    public virtual void PrepareForUpdate(JsonObject updated, JsonObject existing, string? subresource, in WriteContext context)
    {
    }

    /// <summary>Checks across fields; names, labels and schema types are already checked.</summary>
    public virtual void Validate(JsonObject document, FieldErrors errors)
    {
    }

    /// <summary>Checks a change: immutable fields and transitions.</summary>
    public virtual void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors)
    {
    }

    /// <summary>Warnings for accepted fields without effect here.</summary>
    public virtual void Warn(JsonObject document, ICollection<string> warnings)
    {
    }

    /// <summary>Fields usable in <c>fieldSelector</c> besides <c>metadata.name</c> and <c>metadata.namespace</c>.</summary>
    public virtual ImmutableArray<string> SelectableFields => [];

    /// <summary>The value of a selectable field, "" when absent.</summary>
    public virtual string SelectableField(JsonObject document, string path) => "";

    /// <summary>The cells of one object, as many as the resource's columns in <c>table-columns.json</c>.</summary>
    /// <param name="now">For ages and durations.</param>
    public virtual ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) => throw new NotImplementedException();
}

/// <summary>Chance and time as inputs of a write.</summary>
/// <param name="Now">The server's clock, whole seconds.</param>
/// <param name="Uid">The uid of the object that is written.</param>
/// <param name="User">The authenticated user's name.</param>
public readonly record struct WriteContext(DateTimeOffset Now, string Uid, string User);
