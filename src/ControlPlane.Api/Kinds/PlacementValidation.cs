using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Kinds;

/// <summary>Checks of where a pod may go: node selector, affinity, tolerations, spread.</summary>
internal static class PlacementValidation
{
    private const string Required = "requiredDuringSchedulingIgnoredDuringExecution";
    private const string Preferred = "preferredDuringSchedulingIgnoredDuringExecution";

    public static void Validate(JsonObject spec, string path, FieldErrors errors)
    {
        CheckNodeSelector(spec, path, errors);
        CheckTolerations(spec, path, errors);
        if (spec.Object("affinity", "nodeAffinity") is { } nodes) CheckNodeAffinity(nodes, $"{path}.affinity.nodeAffinity", errors);
        foreach (var kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            if (spec.Object("affinity", kind) is { } pods) CheckPodAffinity(pods, $"{path}.affinity.{kind}", errors);
        }

        CheckSpread(spec, path, errors);
    }

    private static void CheckNodeSelector(JsonObject spec, string path, FieldErrors errors)
    {
        foreach (var (key, value) in spec.Object("nodeSelector") ?? [])
        {
            if (ObjectNames.QualifiedNameProblem(key) is { } problem) errors.Invalid($"{path}.nodeSelector", $"\"{key}\"", problem);
            var text = value?.ToString() ?? "";
            if (ObjectNames.LabelValueProblem(text) is { } valueProblem) errors.Invalid($"{path}.nodeSelector", $"\"{text}\"", valueProblem);
        }
    }

    private static void CheckTolerations(JsonObject spec, string path, FieldErrors errors)
    {
        var i = 0;
        foreach (var toleration in spec.Items("tolerations"))
        {
            var at = $"{path}.tolerations[{i++}]";
            var op = toleration.Text("operator") ?? "";
            if (toleration.TryGetText(out var key, "key"))
            {
                if (ObjectNames.QualifiedNameProblem(key) is { } problem) errors.Invalid($"{at}.key", $"\"{key}\"", problem);
            }
            else if (op != "Exists")
            {
                errors.Invalid($"{at}.operator", $"\"{op}\"", "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
            }

            if (toleration.Has("tolerationSeconds") && toleration.Text("effect") != "NoExecute") errors.Invalid($"{at}.effect", $"\"{toleration.Text("effect")}\"", "effect must be 'NoExecute' when `tolerationSeconds` is set");
            if (op == "Exists" && toleration.TryGetText(out var value, "value")) errors.Invalid($"{at}.operator", $"\"{value}\"", "value must be empty when `operator` is 'Exists'");
            if (op.Length > 0) Checks.OneOf(toleration, "operator", at, errors, "Equal", "Exists");
            if (toleration.TryGetText(out _, "effect")) Checks.OneOf(toleration, "effect", at, errors, "NoSchedule", "PreferNoSchedule", "NoExecute");
        }
    }

    private static void CheckNodeAffinity(JsonObject affinity, string path, FieldErrors errors)
    {
        if (affinity.Object(Required) is { } required)
        {
            var termsPath = $"{path}.{Required}.nodeSelectorTerms";
            if (required.Count("nodeSelectorTerms") == 0) errors.Required(termsPath, "must have at least one node selector term");
            var i = 0;
            foreach (var term in required.Items("nodeSelectorTerms")) CheckNodeTerm(term, $"{termsPath}[{i++}]", errors);
        }

        var p = 0;
        foreach (var preferred in affinity.Items(Preferred))
        {
            var at = $"{path}.{Preferred}[{p++}]";
            CheckWeight(preferred, at, errors);
            if (preferred.Object("preference") is { } term) CheckNodeTerm(term, $"{at}.preference", errors);
        }
    }

    private static void CheckNodeTerm(JsonObject term, string path, FieldErrors errors)
    {
        var i = 0;
        foreach (var expression in term.Items("matchExpressions")) CheckNodeExpression(expression, $"{path}.matchExpressions[{i++}]", errors);
        i = 0;
        foreach (var field in term.Items("matchFields"))
        {
            var at = $"{path}.matchFields[{i++}]";
            if (field.Text("key") != "metadata.name") errors.Invalid($"{at}.key", $"\"{field.Text("key")}\"", "not a valid field selector key");
            if (field.Count("values") != 1) errors.Required($"{at}.values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
            Checks.OneOf(field, "operator", at, errors, "In", "NotIn");
        }
    }

    private static void CheckNodeExpression(JsonObject expression, string path, FieldErrors errors)
    {
        var count = expression.Count("values");
        switch (expression.Text("operator"))
        {
            case "In" or "NotIn":
                if (count == 0) errors.Required($"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'");
                break;
            case "Exists" or "DoesNotExist":
                if (count > 0) errors.Forbidden($"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                break;
            case "Gt" or "Lt":
                if (count != 1) errors.Required($"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'");
                else if (!long.TryParse(expression["values"]![0]?.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                {
                    errors.Invalid($"{path}.values[0]", Fields.Show(expression["values"]![0]), "must be an integer when `operator` is 'Lt' or 'Gt'");
                }

                break;
            default:
                errors.Invalid($"{path}.operator", $"\"{expression.Text("operator")}\"", "not a valid selector operator");
                break;
        }

        var key = expression.Text("key") ?? "";
        if (ObjectNames.QualifiedNameProblem(key) is { } problem) errors.Invalid($"{path}.key", $"\"{key}\"", problem);
    }

    private static void CheckPodAffinity(JsonObject affinity, string path, FieldErrors errors)
    {
        var i = 0;
        foreach (var term in affinity.Items(Required)) CheckPodTerm(term, $"{path}.{Required}[{i++}]", errors);
        i = 0;
        foreach (var weighted in affinity.Items(Preferred))
        {
            var at = $"{path}.{Preferred}[{i++}]";
            CheckWeight(weighted, at, errors);
            if (weighted.Object("podAffinityTerm") is { } term) CheckPodTerm(term, $"{at}.podAffinityTerm", errors);
        }
    }

    private static void CheckPodTerm(JsonObject term, string path, FieldErrors errors)
    {
        CheckLabelSelector(term.Object("labelSelector"), $"{path}.labelSelector", errors);
        if (!term.TryGetText(out var key, "topologyKey")) errors.Required($"{path}.topologyKey", "can not be empty");
        else if (ObjectNames.QualifiedNameProblem(key) is { } problem) errors.Invalid($"{path}.topologyKey", $"\"{key}\"", problem);
    }

    private static void CheckSpread(JsonObject spec, string path, FieldErrors errors)
    {
        var seen = new HashSet<(string?, string?)>();
        var i = 0;
        foreach (var constraint in spec.Items("topologySpreadConstraints"))
        {
            var at = $"{path}.topologySpreadConstraints[{i++}]";
            if (constraint.Number("maxSkew") is not > 0) errors.Invalid($"{at}.maxSkew", $"{constraint.Number("maxSkew") ?? 0}", "must be greater than zero");
            if (!constraint.TryGetText(out var key, "topologyKey")) errors.Required($"{at}.topologyKey", "can not be empty");
            Checks.OneOf(constraint, "whenUnsatisfiable", at, errors, "DoNotSchedule", "ScheduleAnyway");
            if (!seen.Add((key, constraint.Text("whenUnsatisfiable")))) errors.Duplicate(at, $"\"{{{key}, {constraint.Text("whenUnsatisfiable")}}}\"");
            CheckLabelSelector(constraint.Object("labelSelector"), $"{at}.labelSelector", errors);
        }
    }

    private static void CheckLabelSelector(JsonObject? selector, string path, FieldErrors errors)
    {
        var i = 0;
        foreach (var expression in selector.Items("matchExpressions"))
        {
            var at = $"{path}.matchExpressions[{i++}]";
            var count = expression.Count("values");
            switch (expression.Text("operator"))
            {
                case "In" or "NotIn" when count == 0:
                    errors.Required($"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'");
                    break;
                case "Exists" or "DoesNotExist" when count > 0:
                    errors.Forbidden($"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    break;
                case "In" or "NotIn" or "Exists" or "DoesNotExist":
                    break;
                default:
                    errors.Invalid($"{at}.operator", $"\"{expression.Text("operator")}\"", "not a valid selector operator");
                    break;
            }
        }
    }

    private static void CheckWeight(JsonObject preferred, string path, FieldErrors errors)
    {
        if (preferred.Number("weight") is not (>= 1 and <= 100)) errors.Invalid($"{path}.weight", $"{preferred.Number("weight") ?? 0}", "must be in the range 1-100");
    }
}
