using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ControlPlane.Api.Kinds;
using ControlPlane.Scheduler.Columns;
using ControlPlane.Scheduler.Constraints;
using ControlPlane.Scheduler.Rounds;

namespace ControlPlane.Controllers.Scheduling;

/// <summary>Sorts pods into classes of the scheduler: two pods are alike when everything it looks at is written alike.</summary>
internal sealed class PodClasses(NodeTable table)
{
    // A workload of endlessly different pods would else keep every class it ever had; forgetting them costs one evaluation each.
    private const int ClassCountMax = 10_000;

    private readonly Dictionary<string, PodClass> _classes = [];

    public PodClass Of(Pod pod)
    {
        var demand = PodDemand.Of(pod.Spec);
        var key = KeyOf(pod.Spec, demand);
        if (_classes.TryGetValue(key, out var known)) return known;
        if (_classes.Count >= ClassCountMax) _classes.Clear();
        var requests = demand.Select(amount => new ResourceAmount(table.ResourceId(amount.Key), amount.Value)).ToImmutableArray();
        // Packing by what is left says nothing about pods that ask for nothing; those are spread.
        var isSpreading = demand.GetValueOrDefault("cpu") == 0 && demand.GetValueOrDefault("memory") == 0;
        return _classes[key] = new PodClass(requests, ConstraintsOf(pod.Spec), isSpreading);
    }

    private static string KeyOf(PodSpec spec, ImmutableSortedDictionary<string, long> demand)
    {
        var key = new StringBuilder();
        foreach (var (name, amount) in demand) key.Append(name).Append('=').Append(amount).Append(';');
        foreach (var (name, value) in (spec.NodeSelector ?? ImmutableDictionary<string, string>.Empty).OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            key.Append('\n').Append(name).Append('=').Append(value);
        }

        // What is rarely there is compared as JSON: the views are plain values, so equal text is equal meaning.
        if (spec.Affinity is not null) key.Append("\naffinity ").Append(JsonSerializer.Serialize(spec.Affinity, KindJson.TypeInfo<Affinity>()));
        foreach (var toleration in spec.Tolerations) key.Append('\n').Append(toleration);
        if (UnsupportedOf(spec) is { } unsupported) key.Append("\nunsupported ").Append(unsupported);
        return key.ToString();
    }

    private static PlacementConstraints ConstraintsOf(PodSpec spec) => new()
    {
        NodeSelector = [.. spec.NodeSelector ?? ImmutableDictionary<string, string>.Empty],
        RequiredTerms = spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { } required
            ? [.. required.NodeSelectorTerms.Select(term => new NodeTerm(Requirements(term.MatchExpressions), Requirements(term.MatchFields)))]
            : [],
        Tolerations = [.. spec.Tolerations.Select(toleration => new ControlPlane.Scheduler.Constraints.Toleration(
            toleration.Key ?? "", toleration.Operator == "Exists", toleration.Value ?? "", NodeMirror.EffectOf(toleration.Effect)))],
        Unsupported = UnsupportedOf(spec),
    };

    private static ImmutableArray<NodeRequirement> Requirements(ImmutableArray<NodeSelectorRequirement> requirements) =>
        [.. requirements.Select(requirement => new NodeRequirement(requirement.Key, Enum.Parse<NodeOperator>(requirement.Operator), requirement.Values))];

    private static string? UnsupportedOf(PodSpec spec)
    {
        if (spec.Affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { IsEmpty: false }) return "required pod affinity is not offered yet";
        if (spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { IsEmpty: false }) return "required pod anti-affinity is not offered yet";
        return spec.TopologySpreadConstraints.Any(constraint => constraint.WhenUnsatisfiable == "DoNotSchedule") ? "topology spread constraints are not offered yet" : null;
    }
}
