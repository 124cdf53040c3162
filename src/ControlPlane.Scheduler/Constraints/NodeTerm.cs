using System.Collections.Immutable;
using System.Globalization;
using ControlPlane.Scheduler.Columns;

namespace ControlPlane.Scheduler.Constraints;

/// <summary>One term of required node affinity: all of its requirements. A term without any matches nothing, as in Kubernetes.</summary>
public sealed record NodeTerm(ImmutableArray<NodeRequirement> Labels, ImmutableArray<NodeRequirement> Fields)
{
    public bool Holds(NodeFacts node)
    {
        if (Labels.IsEmpty && Fields.IsEmpty) return false;
        foreach (var requirement in Labels)
        {
            if (!requirement.Holds(node.Labels.GetValueOrDefault(requirement.Key))) return false;
        }

        foreach (var requirement in Fields)
        {
            if (!requirement.Holds(requirement.Key == "metadata.name" ? node.Name : null)) return false;
        }

        return true;
    }
}

public enum NodeOperator
{
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt,
    Lt,
}

/// <param name="Key">A label, or for fields <c>metadata.name</c>.</param>
/// <param name="Values">For Gt and Lt one integer.</param>
public sealed record NodeRequirement(string Key, NodeOperator Operator, ImmutableArray<string> Values)
{
    /// <param name="actual">Null when the node has no such label.</param>
    public bool Holds(string? actual) => Operator switch
    {
        NodeOperator.In => actual is not null && Values.Contains(actual),
        NodeOperator.NotIn => actual is null || !Values.Contains(actual),
        NodeOperator.Exists => actual is not null,
        NodeOperator.DoesNotExist => actual is null,
        NodeOperator.Gt => TryCompare(actual, out var order) && order > 0,
        NodeOperator.Lt => TryCompare(actual, out var order) && order < 0,
        _ => false,
    };

    private bool TryCompare(string? actual, out int order)
    {
        order = 0;
        if (Values.Length != 1 || !TryInteger(actual, out var left) || !TryInteger(Values[0], out var right)) return false;
        order = left.CompareTo(right);
        return true;
    }

    private static bool TryInteger(string? text, out long value) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
}
