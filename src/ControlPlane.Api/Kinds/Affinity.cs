using System.Collections.Immutable;

namespace ControlPlane.Api.Kinds;

/// <summary>Which nodes and which neighbours a pod wants.</summary>
public sealed record Affinity
{
    public NodeAffinity? NodeAffinity { get; init; }

    public PodAffinity? PodAffinity { get; init; }

    public PodAffinity? PodAntiAffinity { get; init; }
}

public sealed record NodeAffinity
{
    public NodeSelector? RequiredDuringSchedulingIgnoredDuringExecution { get; init; }

    public ImmutableArray<PreferredSchedulingTerm> PreferredDuringSchedulingIgnoredDuringExecution { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>Terms are ORed; without terms it matches nothing.</summary>
public sealed record NodeSelector
{
    public ImmutableArray<NodeSelectorTerm> NodeSelectorTerms { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>Requirements are ANDed; without any it matches nothing.</summary>
public sealed record NodeSelectorTerm
{
    public ImmutableArray<NodeSelectorRequirement> MatchExpressions { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Only <c>metadata.name</c>.</summary>
    public ImmutableArray<NodeSelectorRequirement> MatchFields { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record NodeSelectorRequirement
{
    public string Key { get; init => field = value ?? ""; } = "";

    /// <summary><c>In</c>, <c>NotIn</c>, <c>Exists</c>, <c>DoesNotExist</c>, <c>Gt</c> or <c>Lt</c>.</summary>
    public string Operator { get; init => field = value ?? ""; } = "";

    public ImmutableArray<string> Values { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record PreferredSchedulingTerm
{
    public int Weight { get; init; }

    public NodeSelectorTerm Preference { get; init => field = value ?? new(); } = new();
}

/// <summary>Of pods, or against them.</summary>
public sealed record PodAffinity
{
    public ImmutableArray<PodAffinityTerm> RequiredDuringSchedulingIgnoredDuringExecution { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<WeightedPodAffinityTerm> PreferredDuringSchedulingIgnoredDuringExecution { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record PodAffinityTerm
{
    public LabelSelectorSpec? LabelSelector { get; init; }

    public ImmutableArray<string> Namespaces { get; init => field = value.IsDefault ? [] : value; } = [];

    public LabelSelectorSpec? NamespaceSelector { get; init; }

    public string TopologyKey { get; init => field = value ?? ""; } = "";
}

public sealed record WeightedPodAffinityTerm
{
    public int Weight { get; init; }

    public PodAffinityTerm PodAffinityTerm { get; init => field = value ?? new(); } = new();
}

/// <summary>Tolerates taints.</summary>
public sealed record Toleration
{
    /// <summary>Null or "": every key, with <c>Exists</c>.</summary>
    public string? Key { get; init; }

    /// <summary><c>Exists</c> or <c>Equal</c>; null is Equal.</summary>
    public string? Operator { get; init; }

    public string? Value { get; init; }

    /// <summary>Null or "": every effect.</summary>
    public string? Effect { get; init; }

    /// <summary>How long a NoExecute taint is borne; null: for ever.</summary>
    public long? TolerationSeconds { get; init; }

    public bool Tolerates(Taint taint)
    {
        if (!string.IsNullOrEmpty(Effect) && Effect != taint.Effect) return false;
        if (!string.IsNullOrEmpty(Key) && Key != taint.Key) return false;
        return Operator switch
        {
            "Exists" => true,
            null or "" or "Equal" => !string.IsNullOrEmpty(Key) && (Value ?? "") == (taint.Value ?? ""),
            _ => false,
        };
    }
}

public sealed record TopologySpreadConstraint
{
    public int MaxSkew { get; init; }

    public string TopologyKey { get; init => field = value ?? ""; } = "";

    /// <summary><c>DoNotSchedule</c> or <c>ScheduleAnyway</c>.</summary>
    public string WhenUnsatisfiable { get; init => field = value ?? ""; } = "";

    public LabelSelectorSpec? LabelSelector { get; init; }

    public int? MinDomains { get; init; }

    public string? NodeAffinityPolicy { get; init; }

    public string? NodeTaintsPolicy { get; init; }

    public ImmutableArray<string> MatchLabelKeys { get; init => field = value.IsDefault ? [] : value; } = [];
}
