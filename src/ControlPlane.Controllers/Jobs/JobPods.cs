using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>The pods of a Job: how they are made, marked and read.</summary>
internal static class JobPods
{
    /// <summary>Keeps a finished pod in the store until the Job has counted it, so that no count is ever lost.</summary>
    public const string TrackingFinalizer = "batch.kubernetes.io/job-tracking";

    public const string IndexAnnotation = "batch.kubernetes.io/job-completion-index";
    private const string FailureCountAnnotation = "batch.kubernetes.io/job-index-failure-count";
    private const string IgnoredFailureCountAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

    /// <summary>Not yet counted.</summary>
    public static bool IsTracked(Pod pod) => pod.Metadata.Finalizers?.Contains(TrackingFinalizer) == true;

    /// <summary>The completion index, or null when the pod has none (or a wrong one).</summary>
    public static int? IndexOf(Pod pod) => NumberIn(pod, IndexAnnotation);

    /// <summary>How often the pod's index had failed before it.</summary>
    public static int FailureCountOf(Pod pod) => NumberIn(pod, FailureCountAnnotation) ?? 0;

    /// <summary>How often its failures before it were ignored by the failure policy.</summary>
    public static int IgnoredFailureCountOf(Pod pod) => NumberIn(pod, IgnoredFailureCountAnnotation) ?? 0;

    /// <summary>A pod document made from the Job's template.</summary>
    /// <param name="index">The completion index, or null for a Job that is not indexed.</param>
    /// <param name="predecessor">The index's last failed pod, when failures are counted by index; else null.</param>
    /// <param name="isPredecessorIgnored">Whether the failure policy ignores its failure.</param>
    public static JsonObject Make(Job job, string name, int? index, Pod? predecessor = null, bool isPredecessorIgnored = false)
    {
        var owner = new OwnerReference
        {
            ApiVersion = Job.Resource.Kind.ApiVersion,
            Kind = Job.Resource.Kind.Kind,
            Name = job.Metadata.Name,
            Uid = job.Metadata.Uid,
            Controller = true,
            BlockOwnerDeletion = true,
        };
        var document = job.Spec.Template.ToPodDocument(job.Metadata.Namespace!, name, owner);
        var metadata = document["metadata"]!.AsObject();
        var finalizers = ArrayOf(metadata, "finalizers");
        finalizers.Add(TrackingFinalizer);
        if (index is not { } number) return document;

        var text = number.ToString(CultureInfo.InvariantCulture);
        ObjectOf(metadata, "labels")[IndexAnnotation] = text;
        var annotations = ObjectOf(metadata, "annotations");
        annotations[IndexAnnotation] = text;
        if (job.Spec.BackoffLimitPerIndex is not null) CountFailures(annotations, predecessor, isPredecessorIgnored);
        var spec = document["spec"]!.AsObject();
        if (spec["hostname"] is null) spec["hostname"] = Hostname(job.Metadata.Name, text);
        AddIndexVariable(spec, "initContainers");
        AddIndexVariable(spec, "containers");
        return document;
    }

    private static void CountFailures(JsonObject annotations, Pod? predecessor, bool isPredecessorIgnored)
    {
        var failures = predecessor is null ? 0 : FailureCountOf(predecessor) + (isPredecessorIgnored ? 0 : 1);
        var ignored = predecessor is null ? 0 : IgnoredFailureCountOf(predecessor) + (isPredecessorIgnored ? 1 : 0);
        annotations[FailureCountAnnotation] = failures.ToString(CultureInfo.InvariantCulture);
        if (ignored > 0) annotations[IgnoredFailureCountAnnotation] = ignored.ToString(CultureInfo.InvariantCulture);
    }

    private static void AddIndexVariable(JsonObject spec, string field)
    {
        foreach (var container in spec[field] as JsonArray ?? [])
        {
            var variables = ArrayOf(container!.AsObject(), "env");
            if (variables.Any(variable => (string?)variable?["name"] == "JOB_COMPLETION_INDEX")) continue;
            variables.Add(new JsonObject
            {
                ["name"] = "JOB_COMPLETION_INDEX",
                ["valueFrom"] = new JsonObject
                {
                    ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = $"metadata.labels['{IndexAnnotation}']" },
                },
            });
        }
    }

    // A DNS label: the Job's name gives way, the index must stay.
    private static string Hostname(string job, string index)
    {
        var room = 63 - 1 - index.Length;
        return $"{(job.Length > room ? job[..room] : job)}-{index}";
    }

    private static int? NumberIn(Pod pod, string annotation) =>
        pod.Metadata.Annotations?.GetValueOrDefault(annotation) is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static JsonObject ObjectOf(JsonObject parent, string field)
    {
        if (parent[field] is not JsonObject value) parent[field] = value = [];
        return value;
    }

    private static JsonArray ArrayOf(JsonObject parent, string field)
    {
        if (parent[field] is not JsonArray value) parent[field] = value = [];
        return value;
    }
}
