using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ControlPlane.Api.Kinds;

/// <summary>One observation about an object; conditions are keyed by type. One view for the conditions of all kinds: a kind uses the times it has.</summary>
public sealed record Condition
{
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string Status { get; init => field = value ?? ""; } = "";

    /// <summary>Nodes only.</summary>
    public DateTimeOffset? LastHeartbeatTime { get; init; }

    /// <summary>Pods and jobs only.</summary>
    public DateTimeOffset? LastProbeTime { get; init; }

    public DateTimeOffset? LastTransitionTime { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    [JsonIgnore]
    public bool IsTrue => Status == "True";
}

/// <summary>Reading lists of conditions.</summary>
public static class Conditions
{
    /// <summary>The condition of a type, or null.</summary>
    public static Condition? Find(this ImmutableArray<Condition> conditions, string type)
    {
        foreach (var condition in conditions)
        {
            if (condition.Type == type) return condition;
        }

        return null;
    }

    public static bool IsTrue(this ImmutableArray<Condition> conditions, string type) => conditions.Find(type) is { IsTrue: true };

    /// <summary>The list with one condition set: replaced where it stood, else appended. The transition time stays when the status did not change.</summary>
    public static ImmutableArray<Condition> Set(this ImmutableArray<Condition> conditions, Condition condition)
    {
        for (var i = 0; i < conditions.Length; i++)
        {
            if (conditions[i].Type != condition.Type) continue;
            var hasTurned = conditions[i].Status != condition.Status;
            return conditions.SetItem(i, hasTurned ? condition : condition with { LastTransitionTime = conditions[i].LastTransitionTime });
        }

        return conditions.Add(condition);
    }
}
