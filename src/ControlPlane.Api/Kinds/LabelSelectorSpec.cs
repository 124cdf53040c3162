using System.Collections.Immutable;

namespace ControlPlane.Api.Kinds;

/// <summary>The view of a <c>metav1.LabelSelector</c> in a spec: requirements ANDed; empty matches everything, an absent selector nothing.</summary>
public sealed record LabelSelectorSpec
{
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }

    public ImmutableArray<LabelSelectorRequirement> MatchExpressions { get; init => field = value.IsDefault ? [] : value; } = [];

    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        if (MatchLabels is not null)
        {
            foreach (var (key, value) in MatchLabels)
            {
                if (labels is null || !labels.TryGetValue(key, out var found) || found != value) return false;
            }
        }

        foreach (var expression in MatchExpressions)
        {
            if (!expression.Matches(labels)) return false;
        }

        return true;
    }
}

/// <param name="Operator"><c>In</c>, <c>NotIn</c>, <c>Exists</c> or <c>DoesNotExist</c>.</param>
public sealed record LabelSelectorRequirement(string Key = "", string Operator = "", ImmutableArray<string> Values = default)
{
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        string? value = null;
        var isPresent = labels is not null && labels.TryGetValue(Key, out value);
        var values = Values.IsDefault ? [] : Values;
        return Operator switch
        {
            "In" => isPresent && values.Contains(value!),
            "NotIn" => !isPresent || !values.Contains(value!),
            "Exists" => isPresent,
            "DoesNotExist" => !isPresent,
            _ => false,
        };
    }
}
