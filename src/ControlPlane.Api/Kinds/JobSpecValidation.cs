using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Kinds;

/// <summary>Checks of a job's spec, in jobs and in cron jobs' templates.</summary>
internal static class JobSpecValidation
{
    private const int PolicyRulesMax = 20;
    private const int ExitCodesMax = 255;
    private const int IndexesMax = 100_000;

    public static void Validate(JsonObject spec, string path, FieldErrors errors)
    {
        foreach (var field in (ReadOnlySpan<string>)
            ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"])
        {
            Checks.NotNegative(spec, field, path, errors);
        }

        Checks.OneOf(spec, "completionMode", path, errors, "NonIndexed", "Indexed");
        if (spec.Has("podFailurePolicy")) Checks.OneOf(spec, "podReplacementPolicy", path, errors, "Failed");
        else Checks.OneOf(spec, "podReplacementPolicy", path, errors, "Failed", "TerminatingOrFailed");
        CheckIndexes(spec, path, errors);
        CheckTemplate(spec, path, errors);
        CheckFailurePolicy(spec, path, errors);
        CheckSuccessPolicy(spec, path, errors);
    }

    private static void CheckIndexes(JsonObject spec, string path, FieldErrors errors)
    {
        var isIndexed = spec.Text("completionMode") == "Indexed";
        var completions = spec.Number("completions");
        if (isIndexed && completions is null) errors.Required($"{path}.completions", "when completion mode is Indexed");
        if (isIndexed && spec.Number("parallelism") is > IndexesMax and { } parallelism)
        {
            errors.Invalid($"{path}.parallelism", $"{parallelism}", $"must be less than or equal to {IndexesMax} when completion mode is Indexed");
        }

        if (spec.Has("backoffLimitPerIndex") && !isIndexed) errors.Invalid($"{path}.backoffLimitPerIndex", Fields.Show(spec["backoffLimitPerIndex"]), "requires indexed completion mode");
        if (spec.Number("maxFailedIndexes") is not { } maxFailed) return;
        if (completions is { } count && maxFailed > count) errors.Invalid($"{path}.maxFailedIndexes", $"{maxFailed}", "must be less than or equal to completions");
        if (!spec.Has("backoffLimitPerIndex")) errors.Required($"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified");
    }

    private static void CheckTemplate(JsonObject spec, string path, FieldErrors errors)
    {
        var podPath = $"{path}.template.spec";
        if (spec.Object("template", "spec") is not { } pod)
        {
            errors.Required($"{podPath}.containers");
            return;
        }

        PodSpecValidation.Validate(pod, podPath, errors);
        // "Always" is what a missing policy was defaulted to, so both read as missing.
        if (pod.Text("restartPolicy") is null or "" or "Always") errors.Required($"{podPath}.restartPolicy", "valid values: \"OnFailure\", \"Never\"");
    }

    private static void CheckFailurePolicy(JsonObject spec, string path, FieldErrors errors)
    {
        if (spec.Object("podFailurePolicy") is not { } policy) return;
        var policyPath = $"{path}.podFailurePolicy";
        var restart = spec.Text("template", "spec", "restartPolicy");
        if (restart == "OnFailure") errors.Invalid($"{path}.template.spec.restartPolicy", $"\"{restart}\"", "only \"Never\" is supported when podFailurePolicy is specified");
        if (policy.Count("rules") > PolicyRulesMax) errors.TooMany($"{policyPath}.rules", policy.Count("rules"), PolicyRulesMax);
        var containers = spec.Items("template", "spec", "containers").Concat(spec.Items("template", "spec", "initContainers")).Select(container => container.Text("name")).ToHashSet();
        var i = 0;
        foreach (var rule in policy.Items("rules")) CheckFailureRule(rule, $"{policyPath}.rules[{i++}]", spec, containers, errors);
    }

    private static void CheckFailureRule(JsonObject rule, string path, JsonObject spec, HashSet<string?> containers, FieldErrors errors)
    {
        if (!rule.TryGetText(out var action, "action")) errors.Required($"{path}.action", "valid values: \"Count\", \"FailIndex\", \"FailJob\", \"Ignore\"");
        else if (action == "FailIndex" && !spec.Has("backoffLimitPerIndex")) errors.Invalid($"{path}.action", $"\"{action}\"", "requires the backoffLimitPerIndex to be set");
        else Checks.OneOf(rule, "action", path, errors, "Count", "FailIndex", "FailJob", "Ignore");

        var codes = rule.Object("onExitCodes");
        var conditions = rule.Count("onPodConditions");
        if (codes is not null && conditions > 0) errors.Invalid(path, "{…}", "specifying both OnExitCodes and OnPodConditions is not supported");
        if (codes is null && conditions == 0) errors.Invalid(path, "{…}", "specifying one of OnExitCodes and OnPodConditions is required");
        if (codes is not null) CheckExitCodes(codes, $"{path}.onExitCodes", containers, errors);
        var i = 0;
        foreach (var pattern in rule.Items("onPodConditions"))
        {
            var patternPath = $"{path}.onPodConditions[{i++}]";
            if (!pattern.TryGetText(out _, "type")) errors.Required($"{patternPath}.type");
            Checks.OneOf(pattern, "status", patternPath, errors, "False", "True", "Unknown");
        }
    }

    private static void CheckExitCodes(JsonObject codes, string path, HashSet<string?> containers, FieldErrors errors)
    {
        if (codes.TryGetText(out var container, "containerName") && !containers.Contains(container))
        {
            errors.Invalid($"{path}.containerName", $"\"{container}\"", "must be one of the container or initContainer names in the pod template");
        }

        if (!codes.TryGetText(out var op, "operator")) errors.Required($"{path}.operator", "valid values: \"In\", \"NotIn\"");
        else Checks.OneOf(codes, "operator", path, errors, "In", "NotIn");
        var values = codes.At("values") as JsonArray ?? [];
        if (values.Count == 0) errors.Invalid($"{path}.values", "[]", "at least one value is required");
        if (values.Count > ExitCodesMax) errors.TooMany($"{path}.values", values.Count, ExitCodesMax);
        var seen = new HashSet<string>();
        for (var i = 0; i < values.Count; i++)
        {
            var shown = Fields.Show(values[i]);
            if (op == "In" && shown == "0") errors.Invalid($"{path}.values[{i}]", "0", "must not be 0 for the In operator");
            if (!seen.Add(shown)) errors.Duplicate($"{path}.values[{i}]", shown);
        }
    }

    private static void CheckSuccessPolicy(JsonObject spec, string path, FieldErrors errors)
    {
        if (spec.Object("successPolicy") is not { } policy) return;
        var policyPath = $"{path}.successPolicy";
        if (spec.Text("completionMode") != "Indexed") errors.Invalid(policyPath, Fields.Show(policy), "requires indexed completion mode");
        if (policy.Count("rules") == 0) errors.Required($"{policyPath}.rules", "at least one rules must be specified");
        if (policy.Count("rules") > PolicyRulesMax) errors.TooMany($"{policyPath}.rules", policy.Count("rules"), PolicyRulesMax);
        var i = 0;
        foreach (var rule in policy.Items("rules"))
        {
            var rulePath = $"{policyPath}.rules[{i++}]";
            if (!rule.Has("succeededIndexes") && !rule.Has("succeededCount")) errors.Required(rulePath, "at least one of succeededCount or succeededIndexes must be specified");
            Checks.NotNegative(rule, "succeededCount", rulePath, errors);
            if (rule.Number("succeededCount") is { } wanted && spec.Number("completions") is { } completions && wanted > completions)
            {
                errors.Invalid($"{rulePath}.succeededCount", $"{wanted}", $"must be less than or equal to {completions} (the number of specified completions)");
            }
        }
    }
}
