using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class JobRules() : KindRules(hasStatus: true, hasGeneration: true)
{
    private const string ControllerUid = "batch.kubernetes.io/controller-uid";
    private const string JobName = "batch.kubernetes.io/job-name";

    public override ImmutableArray<string> SelectableFields => ["status.successful"];

    public override string SelectableField(JsonObject document, string path) =>
        path == "status.successful" ? $"{document.Number("status", "succeeded") ?? 0}" : base.SelectableField(document, path);

    public override void Default(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        // Neither given means one pod, once; only parallelism given means a work queue, whose completions stay open.
        if (!spec.Has("completions") && !spec.Has("parallelism")) spec["completions"] = 1;
        spec.Default("parallelism", 1);
        spec.Default("backoffLimit", spec.Has("backoffLimitPerIndex") ? int.MaxValue : 6);
        spec.DefaultText("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("manualSelector", false);
        spec.DefaultText("podReplacementPolicy", spec.Has("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
        JobSpecDefaults.ApplyToTemplates(spec);
        AdoptTemplateLabels(document);
    }

    public override void PrepareForCreate(JsonObject document, in WriteContext context)
    {
        base.PrepareForCreate(document, context);
        var spec = document.ObjectOrNew("spec");
        if (spec.Flag("manualSelector") == true) return;

        var hasOwnLabels = !JsonNode.DeepEquals(document.At("metadata", "labels"), spec.At("template", "metadata", "labels"));
        var labels = spec.ObjectOrNew("template").ObjectOrNew("metadata").ObjectOrNew("labels");
        var name = document.Text("metadata", "name") ?? "";
        labels[ControllerUid] = context.Uid;
        labels[JobName] = name;
        labels["controller-uid"] = context.Uid;
        labels["job-name"] = name;
        // Labels taken over from the template go on following it.
        if (!hasOwnLabels) document.ObjectOrNew("metadata")["labels"] = labels.DeepClone();
        var selected = spec.ObjectOrNew("selector").ObjectOrNew("matchLabels");
        selected.Default(ControllerUid, context.Uid);
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        var spec = document.Object("spec") ?? [];
        JobSpecValidation.Validate(spec, "spec", errors);
        var name = document.Text("metadata", "name") ?? "";
        // The name becomes a label value on every pod.
        if (name.Length > 63) errors.Invalid("metadata.name", $"\"{name}\"", "must be no more than 63 characters");
        CheckSelector(document, spec, errors);
    }

    public override void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors)
    {
        if (subresource is not null) return;
        var (after, before) = (updated.Object("spec") ?? [], existing.Object("spec") ?? []);
        CheckCompletions(after, before, errors);
        foreach (var field in (ReadOnlySpan<string>)["selector", "completionMode", "podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "managedBy", "manualSelector"])
        {
            if (!JsonNode.DeepEquals(after[field], before[field])) errors.Invalid($"spec.{field}", Fields.Show(after[field]), "field is immutable");
        }

        CheckTemplate(after, before, existing, errors);
    }

    public override void Warn(JsonObject document, ICollection<string> warnings)
    {
        if (document.Object("spec", "template", "spec") is { } spec) PodSpecWarnings.Add(spec, "spec.template.spec", warnings);
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now)
    {
        var template = document.At("spec", "template", "spec");
        return
        [
            Cell.Name(document),
            Status(document),
            Completions(document),
            Duration(document, now),
            Cell.Age(document, now),
            Cell.ContainerNames(template),
            Cell.Images(template),
            Cell.Selector(document.At("spec", "selector")),
        ];
    }

    private static void AdoptTemplateLabels(JsonObject document)
    {
        if (document.Count("metadata", "labels") > 0) return;
        if (document.Object("spec", "template", "metadata", "labels") is { Count: > 0 } labels) document.ObjectOrNew("metadata")["labels"] = labels.DeepClone();
    }

    private static void CheckSelector(JsonObject document, JsonObject spec, FieldErrors errors)
    {
        if (spec.Object("selector") is not { } selector)
        {
            errors.Required("spec.selector");
            return;
        }

        var labels = spec.Object("template", "metadata", "labels") ?? [];
        foreach (var (key, value) in selector.Object("matchLabels") ?? [])
        {
            if (labels[key]?.ToString() == value?.ToString()) continue;
            errors.Invalid("spec.template.metadata.labels", Fields.Show(labels), "`selector` does not match template `labels`");
            return;
        }

        if (spec.Flag("manualSelector") == true) return;
        var uid = document.Text("metadata", "uid");
        var selected = selector.Text("matchLabels", ControllerUid) ?? selector.Text("matchLabels", "controller-uid");
        if (uid is not null && selected != uid) errors.Invalid("spec.selector", Fields.Show(selector), "`selector` not auto-generated");
    }

    private static void CheckCompletions(JsonObject after, JsonObject before, FieldErrors errors)
    {
        if (after.Number("completions") == before.Number("completions")) return;
        // An indexed job may grow and shrink as long as both numbers move together.
        var isElastic = before.Text("completionMode") == "Indexed" && after.Number("completions") == after.Number("parallelism");
        if (!isElastic) errors.Invalid("spec.completions", Fields.Show(after["completions"]), "field is immutable");
    }

    // While a job is suspended and has not started, where its pods may go can still be changed: that is how queues place jobs.
    private static void CheckTemplate(JsonObject after, JsonObject before, JsonObject existing, FieldErrors errors)
    {
        var compared = (JsonObject)(after.Object("template") ?? []).DeepClone();
        var old = before.Object("template") ?? [];
        if (before.Flag("suspend") == true && existing.Text("status", "startTime") is null)
        {
            if (compared.Object("spec") is { } spec && old.Object("spec") is { } oldSpec)
            {
                foreach (var field in (ReadOnlySpan<string>)["nodeSelector", "affinity", "tolerations", "schedulingGates"]) spec.Restore(field, oldSpec);
            }

            if (compared.Object("metadata") is { } metadata && old.Object("metadata") is { } oldMetadata)
            {
                metadata.Restore("labels", oldMetadata);
                metadata.Restore("annotations", oldMetadata);
            }
        }

        if (!JsonNode.DeepEquals(compared, old)) errors.Invalid("spec.template", "{…}", "field is immutable");
    }

    private static string Status(JsonObject document)
    {
        var types = document.Items("status", "conditions").Where(condition => condition.Text("status") == "True").Select(condition => condition.Text("type")).ToHashSet();
        if (types.Contains("Complete")) return "Complete";
        if (types.Contains("Failed")) return "Failed";
        if (document.Text("metadata", "deletionTimestamp") is not null) return "Terminating";
        if (types.Contains("Suspended")) return "Suspended";
        if (types.Contains("FailureTarget")) return "FailureTarget";
        return types.Contains("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
    }

    private static string Completions(JsonObject document)
    {
        var succeeded = document.Number("status", "succeeded") ?? 0;
        if (document.Number("spec", "completions") is { } completions) return $"{succeeded}/{completions}";
        var parallelism = document.Number("spec", "parallelism") ?? 0;
        return parallelism > 1 ? $"{succeeded}/1 of {parallelism}" : $"{succeeded}/1";
    }

    private static string Duration(JsonObject document, DateTimeOffset now)
    {
        if (!document.TryGetTime(out var started, "status", "startTime")) return "";
        return HumanDuration.Format((document.TryGetTime(out var completed, "status", "completionTime") ? completed : now) - started);
    }
}

/// <summary>Defaults inside a job's spec that hold in jobs and in cron jobs' templates alike.</summary>
internal static class JobSpecDefaults
{
    public static void ApplyToTemplates(JsonObject spec)
    {
        foreach (var rule in spec.Items("podFailurePolicy", "rules"))
        {
            foreach (var pattern in rule.Items("onPodConditions")) pattern.DefaultText("status", "True");
        }

        if (spec.Object("template") is { } template) PodSpecDefaults.Apply(template.ObjectOrNew("spec"));
    }
}
