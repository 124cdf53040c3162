using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Kinds;

/// <summary>Checks of a pod's spec, in pods and in templates.</summary>
internal static class PodSpecValidation
{
    public static void Validate(JsonObject spec, string path, FieldErrors errors)
    {
        var volumes = VolumeValidation.Validate(spec, path, errors);
        CheckContainers(spec, path, volumes, errors);
        if (!spec.TryGetText(out _, "restartPolicy")) errors.Required($"{path}.restartPolicy");
        else Checks.OneOf(spec, "restartPolicy", path, errors, "Always", "OnFailure", "Never");
        Checks.OneOf(spec, "dnsPolicy", path, errors, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
        Checks.NotNegative(spec, "terminationGracePeriodSeconds", path, errors);
        Checks.Between(spec, "activeDeadlineSeconds", path, 1, int.MaxValue, errors);
        CheckNames(spec, path, errors);
        PlacementValidation.Validate(spec, path, errors);
    }

    private static void CheckContainers(JsonObject spec, string path, HashSet<string> volumes, FieldErrors errors)
    {
        if (spec.Count("containers") == 0) errors.Required($"{path}.containers");
        var names = new HashSet<string>(StringComparer.Ordinal);
        var i = 0;
        foreach (var container in spec.Items("containers")) ContainerValidation.Validate(container, $"{path}.containers[{i++}]", volumes, names, isInit: false, errors);
        i = 0;
        foreach (var container in spec.Items("initContainers")) ContainerValidation.Validate(container, $"{path}.initContainers[{i++}]", volumes, names, isInit: true, errors);
        if (spec.Count("ephemeralContainers") > 0) errors.Forbidden($"{path}.ephemeralContainers", "cannot be set on create");
        CheckHostPorts(spec, path, errors);
    }

    private static void CheckHostPorts(JsonObject spec, string path, FieldErrors errors)
    {
        var taken = new HashSet<string>();
        var c = 0;
        foreach (var container in spec.Items("containers"))
        {
            var p = 0;
            foreach (var port in container.Items("ports"))
            {
                var field = $"{path}.containers[{c}].ports[{p++}].hostPort";
                if (port.Number("hostPort") is not { } number || number == 0) continue;
                if (!taken.Add($"{port.Text("protocol")}/{port.Text("hostIP")}/{number}")) errors.Duplicate(field, $"\"{number}\"");
                if (spec.Flag("hostNetwork") == true && number != port.Number("containerPort")) errors.Invalid(field, $"{number}", "must match `containerPort` when `hostNetwork` is true");
            }

            c++;
        }
    }

    private static void CheckNames(JsonObject spec, string path, FieldErrors errors)
    {
        foreach (var field in (ReadOnlySpan<string>)["nodeName", "serviceAccountName", "priorityClassName", "schedulerName"])
        {
            if (spec.TryGetText(out var name, field) && ObjectNames.Dns1123SubdomainProblem(name) is { } problem) errors.Invalid($"{path}.{field}", $"\"{name}\"", problem);
        }

        foreach (var field in (ReadOnlySpan<string>)["hostname", "subdomain"])
        {
            if (spec.TryGetText(out var name, field) && ObjectNames.Dns1123LabelProblem(name) is { } problem) errors.Invalid($"{path}.{field}", $"\"{name}\"", problem);
        }

        var seen = new HashSet<string>();
        var i = 0;
        foreach (var gate in spec.Items("schedulingGates"))
        {
            var gatePath = $"{path}.schedulingGates[{i++}]";
            var name = gate.Text("name") ?? "";
            if (ObjectNames.QualifiedNameProblem(name) is { } problem) errors.Invalid(gatePath, $"\"{name}\"", problem);
            if (!seen.Add(name)) errors.Duplicate(gatePath, $"\"{name}\"");
        }

        if (seen.Count > 0 && spec.TryGetText(out _, "nodeName")) errors.Forbidden($"{path}.nodeName", "cannot be set until all schedulingGates have been cleared");
    }
}
