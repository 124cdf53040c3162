using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Selectors;

/// <summary>A field selector: <c>a=b,c!=d</c>, ANDed. Immutable.</summary>
public sealed class FieldSelector
{
    /// <summary>Matches everything.</summary>
    public static FieldSelector Everything { get; } = new();

    /// <exception cref="ApiException">400: not a selector, or a field this resource cannot be selected by, in a real server's words.</exception>
    public static FieldSelector Parse(string text, ResourceDescriptor resource) => throw new NotImplementedException();

    public bool IsEverything => throw new NotImplementedException();

    /// <summary>The value <c>metadata.name</c> must have, or null when it is not fixed: lets a list become a get.</summary>
    public string? ExactName => throw new NotImplementedException();

    public bool Matches(JsonObject document) => throw new NotImplementedException();
}
