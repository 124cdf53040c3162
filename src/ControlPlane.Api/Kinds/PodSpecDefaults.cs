using System.Text.Json.Nodes;

namespace ControlPlane.Api.Kinds;

/// <summary>What a real server fills into a pod's spec, in pods and in templates.</summary>
internal static class PodSpecDefaults
{
    // 0644: Kubernetes writes modes in decimal.
    private const int FileMode = 420;

    public static void Apply(JsonObject spec)
    {
        foreach (var volume in spec.Items("volumes")) DefaultVolume(volume);
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers", "ephemeralContainers"])
        {
            foreach (var container in spec.Items(list)) DefaultContainer(container, spec.Flag("hostNetwork") == true);
        }

        spec.DefaultText("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30);
        spec.DefaultText("dnsPolicy", "ClusterFirst");
        // Two spellings of one field: the older follows the newer.
        if (spec.TryGetText(out var account, "serviceAccountName")) spec["serviceAccount"] = account;
        else if (spec.TryGetText(out account, "serviceAccount")) spec["serviceAccountName"] = account;
        spec.Default("securityContext", new JsonObject());
        spec.DefaultText("schedulerName", "default-scheduler");
    }

    /// <summary>Requests that are absent equal the limits. In pods only: a template is kept as its author wrote it.</summary>
    public static void RequestWhatIsLimited(JsonObject spec)
    {
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach (var container in spec.Items(list))
            {
                if (container.Object("resources", "limits") is not { Count: > 0 } limits) continue;
                var requests = container.Object("resources")!.ObjectOrNew("requests");
                foreach (var (name, limit) in limits)
                {
                    if (limit is not null) requests.Default(name, limit.DeepClone());
                }
            }
        }
    }

    private static void DefaultContainer(JsonObject container, bool isOnHostNetwork)
    {
        foreach (var port in container.Items("ports"))
        {
            port.DefaultText("protocol", "TCP");
            if (isOnHostNetwork && port.Number("containerPort") is { } number) port.Default("hostPort", number);
        }

        foreach (var variable in container.Items("env"))
        {
            if (variable.Object("valueFrom", "fieldRef") is { } field) field.DefaultText("apiVersion", "v1");
            if (variable.Object("valueFrom", "resourceFieldRef") is { } resource) resource.Default("divisor", "0");
        }

        container.Default("resources", new JsonObject());
        foreach (var probe in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container.Object(probe) is { } there) DefaultProbe(there);
        }

        foreach (var hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            if (container.Object("lifecycle", hook, "httpGet") is { } http) DefaultHttp(http);
        }

        container.DefaultText("terminationMessagePath", "/dev/termination-log");
        container.DefaultText("terminationMessagePolicy", "File");
        container.DefaultText("imagePullPolicy", IsMovingTag(container.Text("image") ?? "") ? "Always" : "IfNotPresent");
    }

    private static void DefaultProbe(JsonObject probe)
    {
        if (probe.Object("httpGet") is { } http) DefaultHttp(http);
        if (probe.Object("grpc") is { } grpc) grpc.Default("service", "");
        DefaultNumber(probe, "timeoutSeconds", 1);
        DefaultNumber(probe, "periodSeconds", 10);
        DefaultNumber(probe, "successThreshold", 1);
        DefaultNumber(probe, "failureThreshold", 3);
    }

    private static void DefaultHttp(JsonObject http)
    {
        http.DefaultText("path", "/");
        http.DefaultText("scheme", "HTTP");
    }

    // Zero counts as absent, as it does where numbers have no "unset".
    private static void DefaultNumber(JsonObject node, string name, int value)
    {
        if (node.Number(name) is null or 0) node[name] = value;
    }

    private static void DefaultVolume(JsonObject volume)
    {
        if (volume.Count == 0 || volume.Count == 1 && volume.Has("name")) volume["emptyDir"] = new JsonObject();
        foreach (var source in (ReadOnlySpan<string>)["configMap", "secret", "downwardAPI", "projected"])
        {
            if (volume.Object(source) is { } there) there.Default("defaultMode", FileMode);
        }

        if (volume.Object("hostPath") is { } hostPath) hostPath.Default("type", "");
        foreach (var item in volume.Items("downwardAPI", "items")) DefaultDownwardItem(item);
        foreach (var projection in volume.Items("projected", "sources"))
        {
            if (projection.Object("serviceAccountToken") is { } token) token.Default("expirationSeconds", 3600);
            foreach (var item in projection.Items("downwardAPI", "items")) DefaultDownwardItem(item);
        }
    }

    private static void DefaultDownwardItem(JsonObject item)
    {
        if (item.Object("fieldRef") is { } field) field.DefaultText("apiVersion", "v1");
        if (item.Object("resourceFieldRef") is { } resource) resource.Default("divisor", "0");
    }

    // No tag means latest, and latest moves; a digest never does.
    private static bool IsMovingTag(string image)
    {
        if (image.Contains('@')) return false;
        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':');
        return colon < 0 || name[(colon + 1)..] == "latest";
    }
}
