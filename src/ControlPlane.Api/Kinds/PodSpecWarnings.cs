using System.Text.Json.Nodes;

namespace ControlPlane.Api.Kinds;

/// <summary>Says which fields of a pod are kept without effect. One short sentence a field; what a plain manifest holds is not mentioned.</summary>
internal static class PodSpecWarnings
{
    private static readonly string[] VolumeSourcesWithEffect = ["emptyDir", "hostPath", "configMap", "secret", "downwardAPI", "projected"];

    public static void Add(JsonObject spec, string path, ICollection<string> warnings)
    {
        foreach (var field in (ReadOnlySpan<string>)["dnsConfig", "hostAliases", "runtimeClassName", "resourceClaims", "imagePullSecrets", "readinessGates"])
        {
            if (spec.Has(field) && spec.At(field) is not JsonArray { Count: 0 }) warnings.Add($"{path}.{field}: has no effect here");
        }

        foreach (var flag in (ReadOnlySpan<string>)["hostPID", "hostIPC", "shareProcessNamespace"])
        {
            if (spec.Flag(flag) == true) warnings.Add($"{path}.{flag}: has no effect here");
        }

        // Empty is what every pod is defaulted to.
        if (spec.Count("securityContext") > 0) warnings.Add($"{path}.securityContext: has no effect here");

        var i = 0;
        foreach (var volume in spec.Items("volumes"))
        {
            foreach (var (source, value) in volume)
            {
                if (source != "name" && value is not null && !VolumeSourcesWithEffect.Contains(source)) warnings.Add($"{path}.volumes[{i}].{source}: this kind of volume is not supported here");
            }

            i++;
        }

        var c = 0;
        foreach (var container in spec.Items("containers"))
        {
            var at = $"{path}.containers[{c++}]";
            if (container.Count("securityContext") > 0) warnings.Add($"{at}.securityContext: has no effect here");
            WarnOfHiddenVariables(container, at, warnings);
        }
    }

    private static void WarnOfHiddenVariables(JsonObject container, string path, ICollection<string> warnings)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        var i = -1;
        foreach (var variable in container.Items("env"))
        {
            i++;
            if (variable.Text("name") is not { } name || first.TryAdd(name, i)) continue;
            // A later one may build on the earlier: PATH=$(PATH):/more.
            if (variable.Text("value")?.Contains($"$({name})", StringComparison.Ordinal) != true)
            {
                warnings.Add($"{path}.env[{i}]: hides previous definition of \"{name}\", which may be dropped when using apply");
            }
        }
    }
}
