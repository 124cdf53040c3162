using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Selectors;

/// <summary>A label selector: requirements ANDed. Immutable.</summary>
public sealed class LabelSelector
{
    /// <summary>Matches everything.</summary>
    public static LabelSelector Everything { get; } = new();

    /// <summary>Parses <c>a=b,c!=d,e in (f,g),h notin (i),j,!k,n>1</c>.</summary>
    /// <exception cref="ApiException">400 that shows the place.</exception>
    public static LabelSelector Parse(string text) => throw new NotImplementedException();

    /// <summary>From <c>matchLabels</c> and <c>matchExpressions</c>. Null matches nothing.</summary>
    public static LabelSelector FromDocument(JsonObject? selector) => throw new NotImplementedException();

    public bool IsEverything => throw new NotImplementedException();

    public bool Matches(IReadOnlyDictionary<string, string>? labels) => throw new NotImplementedException();

    /// <summary>Matches the labels of a document's metadata.</summary>
    public bool Matches(JsonObject document) => throw new NotImplementedException();
}
