using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Selectors;

/// <summary>A label selector: requirements ANDed. Immutable.</summary>
public sealed class LabelSelector
{
    private readonly ImmutableArray<LabelRequirement> _requirements;
    private readonly bool _matchesNothing;

    /// <summary>Matches everything.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Matches nothing: what an absent selector of a workload means.</summary>
    public static LabelSelector Nothing { get; } = new([], matchesNothing: true);

    private LabelSelector(ImmutableArray<LabelRequirement> requirements, bool matchesNothing = false)
    {
        _requirements = requirements;
        _matchesNothing = matchesNothing;
    }

    /// <summary>Parses <c>a=b,c!=d,e in (f,g),h notin (i),j,!k,n>1</c>.</summary>
    /// <exception cref="ApiException">400 that shows the place.</exception>
    public static LabelSelector Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return Everything;
        var parser = new LabelSelectorParser(text);
        return new(parser.Parse());
    }

    /// <summary>From <c>matchLabels</c> and <c>matchExpressions</c>. Null matches nothing.</summary>
    /// <exception cref="ApiException">400 for an unknown operator or values that do not suit it.</exception>
    public static LabelSelector FromDocument(JsonObject? selector)
    {
        if (selector is null) return Nothing;
        var requirements = ImmutableArray.CreateBuilder<LabelRequirement>();
        if (selector["matchLabels"] is JsonObject labels)
        {
            foreach (var (key, value) in labels) requirements.Add(new(key, LabelOperator.In, [Text(value)]));
        }

        if (selector["matchExpressions"] is JsonArray expressions)
        {
            foreach (var expression in expressions.OfType<JsonObject>()) requirements.Add(Requirement(expression));
        }

        return requirements.Count == 0 ? Everything : new(requirements.ToImmutable());
    }

    public bool IsEverything => _requirements.IsEmpty && !_matchesNothing;

    /// <param name="labels">Null is no labels.</param>
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        if (_matchesNothing) return false;
        foreach (var requirement in _requirements)
        {
            string? value = null;
            if (labels?.TryGetValue(requirement.Key, out value) != true) value = null;
            if (!requirement.Accepts(value)) return false;
        }

        return true;
    }

    /// <summary>Matches the labels of a document's metadata.</summary>
    public bool Matches(JsonObject document)
    {
        if (_matchesNothing) return false;
        if (_requirements.IsEmpty) return true;
        var labels = (document["metadata"] as JsonObject)?["labels"] as JsonObject;
        foreach (var requirement in _requirements)
        {
            var value = labels is not null && labels.TryGetPropertyValue(requirement.Key, out var node) ? Text(node) : null;
            if (!requirement.Accepts(value)) return false;
        }

        return true;
    }

    /// <summary>As a query would spell it.</summary>
    public override string ToString() => _matchesNothing ? "<none>" : string.Join(",", _requirements);

    private static LabelRequirement Requirement(JsonObject expression)
    {
        var key = Text(expression["key"]);
        ImmutableArray<string> values = expression["values"] is JsonArray array ? [.. array.Select(Text)] : [];
        var spelled = Text(expression["operator"]);
        LabelOperator? @operator = spelled switch
        {
            "In" => LabelOperator.In,
            "NotIn" => LabelOperator.NotIn,
            "Exists" => LabelOperator.Exists,
            "DoesNotExist" => LabelOperator.DoesNotExist,
            _ => null,
        };
        if (@operator is null) throw ApiErrors.BadRequest($"\"{spelled}\" is not a valid label selector operator: use In, NotIn, Exists or DoesNotExist");
        return new(key, @operator.Value, values);
    }

    private static string Text(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
}
