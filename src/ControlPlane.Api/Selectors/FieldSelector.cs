using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Selectors;

/// <summary>A field selector: <c>a=b,c!=d</c>, ANDed. Immutable.</summary>
public sealed class FieldSelector
{
    private const string NamePath = "metadata.name";
    private const string NamespacePath = "metadata.namespace";

    private readonly ImmutableArray<Term> _terms;
    private readonly KindRules? _rules;

    /// <summary>Matches everything.</summary>
    public static FieldSelector Everything { get; } = new([], null);

    private FieldSelector(ImmutableArray<Term> terms, KindRules? rules)
    {
        _terms = terms;
        _rules = rules;
    }

    /// <exception cref="ApiException">400: not a selector, or a field this resource cannot be selected by, in a real server's words.</exception>
    public static FieldSelector Parse(string text, ResourceDescriptor resource)
    {
        if (text.Length == 0) return Everything;
        var rules = KindRules.For(resource);
        var selectable = rules.SelectableFields;
        var terms = ImmutableArray.CreateBuilder<Term>();
        foreach (var part in Split(text))
        {
            if (part.Length == 0) continue;
            var term = ParseTerm(part, text);
            if (term.Path is not (NamePath or NamespacePath) && !selectable.Contains(term.Path))
            {
                throw ApiErrors.BadRequest(selectable.IsEmpty
                    ? $"\"{term.Path}\" is not a known field selector: only \"{NamePath}\", \"{NamespacePath}\""
                    : $"field label not supported: {term.Path}");
            }

            terms.Add(term);
        }

        return terms.Count == 0 ? Everything : new(terms.ToImmutable(), rules);
    }

    public bool IsEverything => _terms.IsEmpty;

    /// <summary>The value <c>metadata.name</c> must have, or null when it is not fixed: lets a list become a get.</summary>
    public string? ExactName
    {
        get
        {
            foreach (var term in _terms)
            {
                if (term is { Path: NamePath, IsNegated: false, Value.Length: > 0 }) return term.Value;
            }

            return null;
        }
    }

    public bool Matches(JsonObject document)
    {
        foreach (var term in _terms)
        {
            var actual = term.Path switch
            {
                NamePath => MetadataText(document, "name"),
                NamespacePath => MetadataText(document, "namespace"),
                _ => _rules!.SelectableField(document, term.Path),
            };
            if (actual == term.Value == term.IsNegated) return false;
        }

        return true;
    }

    /// <summary>As a query would spell it, without escapes.</summary>
    public override string ToString() => string.Join(",", _terms.Select(term => $"{term.Path}{(term.IsNegated ? "!=" : "=")}{term.Value}"));

    private static string MetadataText(JsonObject document, string name) =>
        document["metadata"] is JsonObject metadata && metadata[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";

    // At commas that no backslash escapes.
    private static IEnumerable<string> Split(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == ',')
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private static Term ParseTerm(string part, string whole)
    {
        for (var i = 0; i < part.Length; i++)
        {
            if (part[i] == '\\')
            {
                i++;
                continue;
            }

            var rest = part.AsSpan(i);
            if (rest.StartsWith("!=")) return new(part[..i].Trim(), true, Unescape(part[(i + 2)..]));
            if (rest.StartsWith("==")) return new(part[..i].Trim(), false, Unescape(part[(i + 2)..]));
            if (rest.StartsWith("=")) return new(part[..i].Trim(), false, Unescape(part[(i + 1)..]));
        }

        throw ApiErrors.BadRequest($"invalid selector: '{whole}'; can't understand '{part}'");
    }

    private static string Unescape(string value)
    {
        if (!value.AsSpan().ContainsAny('\\', ',', '=')) return value;
        var plain = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\')
            {
                i++;
                if (i == value.Length || value[i] is not ('\\' or ',' or '=')) throw ApiErrors.BadRequest($"invalid field selector: invalid escape sequence in \"{value}\": write \\\\, \\, or \\=");
            }
            else if (value[i] is ',' or '=')
            {
                throw ApiErrors.BadRequest($"invalid field selector: unescaped '{value[i]}' in \"{value}\": write \\{value[i]}");
            }

            plain.Append(value[i]);
        }

        return plain.ToString();
    }

    private readonly record struct Term(string Path, bool IsNegated, string Value);
}
