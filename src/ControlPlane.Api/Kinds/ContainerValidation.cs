using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Quantities;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Kinds;

/// <summary>Checks of one container.</summary>
internal static class ContainerValidation
{
    private static readonly string[] FieldPaths =
    [
        "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations",
        "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ];

    /// <param name="volumes">Names of the pod's volumes.</param>
    /// <param name="names">Names of the containers before this one; this one's is added.</param>
    public static void Validate(JsonObject container, string path, HashSet<string> volumes, HashSet<string> names, bool isInit, FieldErrors errors)
    {
        CheckName(container, path, names, errors);
        if (!container.TryGetText(out var image, "image")) errors.Required($"{path}.image");
        else if (image != image.Trim()) errors.Invalid($"{path}.image", $"\"{image}\"", "must not have leading or trailing whitespace");

        CheckPorts(container, path, errors);
        CheckEnvironment(container, path, errors);
        CheckMounts(container, path, volumes, errors);
        CheckResources(container, path, errors);
        Checks.OneOf(container, "imagePullPolicy", path, errors, "Always", "IfNotPresent", "Never");
        Checks.OneOf(container, "terminationMessagePolicy", path, errors, "FallbackToLogsOnError", "File");
        CheckLifecycle(container, path, isInit, errors);
    }

    private static void CheckName(JsonObject container, string path, HashSet<string> names, FieldErrors errors)
    {
        if (!container.TryGetText(out var name, "name")) errors.Required($"{path}.name");
        else if (ObjectNames.Dns1123LabelProblem(name) is { } problem) errors.Invalid($"{path}.name", $"\"{name}\"", problem);
        else if (!names.Add(name)) errors.Duplicate($"{path}.name", $"\"{name}\"");
    }

    private static void CheckPorts(JsonObject container, string path, FieldErrors errors)
    {
        var names = new HashSet<string>();
        var i = 0;
        foreach (var port in container.Items("ports"))
        {
            var portPath = $"{path}.ports[{i++}]";
            if (port.TryGetText(out var name, "name"))
            {
                if (PortNameProblem(name) is { } problem) errors.Invalid($"{portPath}.name", $"\"{name}\"", problem);
                else if (!names.Add(name)) errors.Duplicate($"{portPath}.name", $"\"{name}\"");
            }

            if (port.Number("containerPort") is null or 0) errors.Required($"{portPath}.containerPort");
            else Checks.Port(port, "containerPort", portPath, errors);
            if (port.Number("hostPort") is not 0) Checks.Port(port, "hostPort", portPath, errors);
            Checks.OneOf(port, "protocol", portPath, errors, "SCTP", "TCP", "UDP");
        }
    }

    private static string? PortNameProblem(string name)
    {
        if (name.Length > 15) return "must be no more than 15 characters";
        if (!name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-')) return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        if (!name.Any(char.IsAsciiLetterLower)) return "must contain at least one letter (a-z)";
        if (name.Contains("--")) return "must not contain consecutive hyphens";
        return name[0] == '-' || name[^1] == '-' ? "must not begin or end with a hyphen" : null;
    }

    private static void CheckEnvironment(JsonObject container, string path, FieldErrors errors)
    {
        var i = 0;
        foreach (var variable in container.Items("env"))
        {
            var variablePath = $"{path}.env[{i++}]";
            if (!variable.TryGetText(out var name, "name")) errors.Required($"{variablePath}.name");
            else if (!name.All(letter => letter is >= ' ' and <= '~' and not '='))
            {
                errors.Invalid($"{variablePath}.name", $"\"{name}\"", "a valid environment variable name must consist only of printable ASCII characters other than '='");
            }

            CheckValueSource(variable, $"{variablePath}.valueFrom", errors);
        }

        i = 0;
        foreach (var source in container.Items("envFrom"))
        {
            var sourcePath = $"{path}.envFrom[{i++}]";
            var count = CountOf(source, "configMapRef", "secretRef");
            if (count == 0) errors.Invalid(sourcePath, "\"\"", "must specify one of: `configMapRef` or `secretRef`");
            if (count > 1) errors.Invalid(sourcePath, "\"\"", "may not have more than one field specified at a time");
            foreach (var kind in (ReadOnlySpan<string>)["configMapRef", "secretRef"])
            {
                if (source.Has(kind) && !source.TryGetText(out _, kind, "name")) errors.Required($"{sourcePath}.{kind}.name");
            }
        }
    }

    private static void CheckValueSource(JsonObject variable, string path, FieldErrors errors)
    {
        if (variable.Object("valueFrom") is not { } source) return;
        var count = CountOf(source, "fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef");
        if (count == 0) errors.Invalid(path, "\"\"", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
        else if (variable.TryGetText(out _, "value")) errors.Invalid(path, "\"\"", "may not be specified when `value` is not empty");
        else if (count > 1) errors.Invalid(path, "\"\"", "may not have more than one field specified at a time");

        if (source.Object("fieldRef") is { } field) CheckFieldPath(field, $"{path}.fieldRef", errors);
        if (source.Object("resourceFieldRef") is { } resource && !resource.TryGetText(out _, "resource")) errors.Required($"{path}.resourceFieldRef.resource");
        foreach (var kind in (ReadOnlySpan<string>)["configMapKeyRef", "secretKeyRef"])
        {
            if (source.Object(kind) is not { } reference) continue;
            if (!reference.TryGetText(out _, "name")) errors.Required($"{path}.{kind}.name");
            if (!reference.TryGetText(out var key, "key")) errors.Required($"{path}.{kind}.key");
            else DataKeys.Check($"{path}.{kind}.key", key, errors);
        }
    }

    internal static void CheckFieldPath(JsonObject reference, string path, FieldErrors errors)
    {
        if (!reference.TryGetText(out var fieldPath, "fieldPath"))
        {
            errors.Required($"{path}.fieldPath");
            return;
        }

        var subscript = fieldPath.IndexOf("['", StringComparison.Ordinal);
        var isKnown = subscript < 0
            ? FieldPaths.Contains(fieldPath)
            : fieldPath[..subscript] is "metadata.labels" or "metadata.annotations" && fieldPath.EndsWith("']", StringComparison.Ordinal);
        if (!isKnown) errors.Invalid($"{path}.fieldPath", $"\"{fieldPath}\"", $"error converting fieldPath: field label not supported: {fieldPath}");
    }

    private static void CheckMounts(JsonObject container, string path, HashSet<string> volumes, FieldErrors errors)
    {
        var mounted = new HashSet<string>();
        var i = 0;
        foreach (var mount in container.Items("volumeMounts"))
        {
            var mountPath = $"{path}.volumeMounts[{i++}]";
            if (!mount.TryGetText(out var name, "name")) errors.Required($"{mountPath}.name");
            else if (!volumes.Contains(name)) errors.NotFound($"{mountPath}.name", $"\"{name}\"");
            if (!mount.TryGetText(out var at, "mountPath")) errors.Required($"{mountPath}.mountPath");
            else if (!mounted.Add(at)) errors.Invalid($"{mountPath}.mountPath", $"\"{at}\"", "must be unique");
            if (!mount.TryGetText(out var subPath, "subPath")) continue;
            if (mount.TryGetText(out _, "subPathExpr")) errors.Invalid($"{mountPath}.subPathExpr", "\"…\"", "subPathExpr and subPath are mutually exclusive");
            if (subPath.StartsWith('/')) errors.Invalid($"{mountPath}.subPath", $"\"{subPath}\"", "must be a relative path");
            else if (subPath.Split('/').Contains("..")) errors.Invalid($"{mountPath}.subPath", $"\"{subPath}\"", "must not contain '..'");
        }
    }

    private static void CheckResources(JsonObject container, string path, FieldErrors errors)
    {
        var limits = container.Object("resources", "limits") ?? [];
        var requests = container.Object("resources", "requests") ?? [];
        var resourcesPath = $"{path}.resources";
        foreach (var (name, value) in limits) CheckAmount(name, value, $"{resourcesPath}.limits", errors);
        foreach (var (name, value) in requests)
        {
            CheckAmount(name, value, $"{resourcesPath}.requests", errors);
            if (!Quantity.TryParse(value?.ToString() ?? "", out var request)) continue;
            if (limits[name] is { } limitValue && Quantity.TryParse(limitValue.ToString(), out var limit))
            {
                if (request > limit) errors.Invalid($"{resourcesPath}.requests", $"\"{request}\"", $"must be less than or equal to {name} limit of {limit}");
                else if (IsCounted(name) && request != limit) errors.Invalid($"{resourcesPath}.requests", $"\"{request}\"", $"must be equal to {name} limit of {limit}");
            }
            else if (IsCounted(name))
            {
                errors.Required($"{resourcesPath}.limits", "Limit must be set for non overcommitable resources");
            }
        }
    }

    private static void CheckAmount(string name, JsonNode? value, string path, FieldErrors errors)
    {
        if (ObjectNames.QualifiedNameProblem(name) is { } problem) errors.Invalid($"{path}.{name}", $"\"{name}\"", problem);
        else if (!name.Contains('/') && name is not ("cpu" or "memory" or "ephemeral-storage") && !name.StartsWith("hugepages-", StringComparison.Ordinal))
        {
            errors.Invalid($"{path}[{name}]", $"\"{name}\"", "must be a standard resource type or fully qualified");
        }

        if (!Quantity.TryParse(value?.ToString() ?? "", out var quantity)) return;
        if (quantity.IsNegative) errors.Invalid($"{path}[{name}]", $"\"{quantity}\"", "must be greater than or equal to 0");
        else if (IsCounted(name) && quantity.MilliValue % 1000 != 0) errors.Invalid($"{path}[{name}]", $"\"{quantity}\"", "must be an integer");
    }

    // Devices and huge pages cannot be shared, so a request without an equal limit makes no sense.
    private static bool IsCounted(string name) =>
        name.StartsWith("hugepages-", StringComparison.Ordinal) || name.Contains('/') && !name.Split('/')[0].EndsWith("kubernetes.io", StringComparison.Ordinal);

    private static void CheckLifecycle(JsonObject container, string path, bool isInit, FieldErrors errors)
    {
        var isSidecar = isInit && container.Text("restartPolicy") == "Always";
        if (isInit && container.TryGetText(out var restart, "restartPolicy") && !isSidecar) errors.NotSupported($"{path}.restartPolicy", restart, "Always");
        if (!isInit && container.Has("restartPolicy")) errors.Forbidden($"{path}.restartPolicy", "may not be set for non-init containers");
        foreach (var field in (ReadOnlySpan<string>)["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (isInit && !isSidecar && container.Has(field)) errors.Forbidden($"{path}.{field}", "may not be set for init containers without restartPolicy=Always");
        }

        foreach (var hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            if (container.Object("lifecycle", hook) is { } handler) CheckHandler(handler, $"{path}.lifecycle.{hook}", errors, "exec", "httpGet", "tcpSocket", "sleep");
        }

        foreach (var field in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container.Object(field) is { } probe) CheckProbe(probe, $"{path}.{field}", field == "readinessProbe", errors);
        }
    }

    private static void CheckProbe(JsonObject probe, string path, bool isReadiness, FieldErrors errors)
    {
        CheckHandler(probe, path, errors, "exec", "httpGet", "tcpSocket", "grpc");
        foreach (var field in (ReadOnlySpan<string>)["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
        {
            Checks.NotNegative(probe, field, path, errors);
        }

        if (!isReadiness && probe.Number("successThreshold") is > 1 and { } threshold) errors.Invalid($"{path}.successThreshold", $"{threshold}", "must be 1");
        if (isReadiness && probe.Has("terminationGracePeriodSeconds")) errors.Invalid($"{path}.terminationGracePeriodSeconds", Fields.Show(probe["terminationGracePeriodSeconds"]), "must not be set for readinessProbes");
    }

    private static void CheckHandler(JsonObject handler, string path, FieldErrors errors, params ReadOnlySpan<string> kinds)
    {
        var count = CountOf(handler, kinds);
        if (count == 0) errors.Required(path, "must specify a handler type");
        if (count > 1) errors.Forbidden(path, "may not specify more than 1 handler type");
        if (handler.Has("exec") && handler.Count("exec", "command") == 0) errors.Required($"{path}.exec.command");
        if (handler.Object("httpGet") is { } http)
        {
            Checks.Port(http, "port", $"{path}.httpGet", errors);
            Checks.OneOf(http, "scheme", $"{path}.httpGet", errors, "HTTP", "HTTPS");
        }

        if (handler.Object("tcpSocket") is { } tcp) Checks.Port(tcp, "port", $"{path}.tcpSocket", errors);
    }

    private static int CountOf(JsonObject node, params ReadOnlySpan<string> names)
    {
        var count = 0;
        foreach (var name in names)
        {
            if (node.Has(name)) count++;
        }

        return count;
    }
}
