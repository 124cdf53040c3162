using System.Globalization;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Quantities;

namespace ControlPlane.Agent.Environments;

/// <summary>Makes a container's environment as Kubernetes does: services, then <c>envFrom</c> in order, then <c>env</c> in order; later wins, and a
/// value may name what came before it.</summary>
internal static class ContainerEnvironment
{
    /// <summary>Where a program without a slash in its name is looked for when the container sets no PATH.</summary>
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <param name="sources">The ConfigMaps and Secrets that <see cref="SourcesOf"/> named; null where one is absent.</param>
    /// <exception cref="ConfigurationMissingException">Something that is not optional is absent; the message names it.</exception>
    public static Dictionary<string, string> Make(Pod pod, Container container, NodeFacts node, IReadOnlyDictionary<SourceName, SourceData?> sources)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = DefaultPath, ["HOSTNAME"] = pod.Metadata.Name };
        if (node.ApiHost is { } host && node.ApiPort is { } port)
        {
            environment["KUBERNETES_SERVICE_HOST"] = host;
            environment["KUBERNETES_SERVICE_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        }

        foreach (var from in container.EnvFrom)
        {
            if (NameOf(from) is not { } source) continue;
            if (!sources.TryGetValue(source.Name, out var data) || data is null)
            {
                if (source.IsOptional) continue;
                throw new ConfigurationMissingException($"{source.Name.Word} \"{source.Name.Name}\" not found");
            }

            foreach (var (key, value) in data.AsText()) environment[from.Prefix + key] = value;
        }

        foreach (var variable in container.Env)
        {
            if (ValueOf(variable, pod, container, node, sources, environment) is { } value) environment[variable.Name] = value;
        }

        return environment;
    }

    /// <summary>Every ConfigMap and Secret that <see cref="Make"/> will want.</summary>
    public static IEnumerable<SourceName> SourcesOf(Container container)
    {
        foreach (var from in container.EnvFrom)
        {
            if (NameOf(from) is { } source) yield return source.Name;
        }

        foreach (var variable in container.Env)
        {
            if (variable.ValueFrom?.ConfigMapKeyRef is { } map) yield return new(SourceKind.ConfigMap, map.Name ?? "");
            if (variable.ValueFrom?.SecretKeyRef is { } secret) yield return new(SourceKind.Secret, secret.Name ?? "");
        }
    }

    private static string? ValueOf(
        EnvVar variable,
        Pod pod,
        Container container,
        NodeFacts node,
        IReadOnlyDictionary<SourceName, SourceData?> sources,
        Dictionary<string, string> known)
    {
        switch (variable.ValueFrom)
        {
            case null:
                return VariableExpansion.Expand(variable.Value ?? "", known);
            case { FieldRef: { } field }:
                return DownwardField.Of(pod, field.FieldPath, node)
                    ?? throw new ConfigurationMissingException($"env {variable.Name}: field {field.FieldPath} is not offered; offered are {DownwardField.Offered}");
            case { ResourceFieldRef: { } resource }:
                var target = resource.ContainerName is { Length: > 0 } name ? pod.Spec.Containers.FirstOrDefault(other => other.Name == name) ?? container : container;
                return DownwardField.OfResource(target, resource, node)
                    ?? throw new ConfigurationMissingException($"env {variable.Name}: resource {resource.Resource} is not offered; offered are limits.* and requests.* of cpu, memory and ephemeral-storage");
            case { ConfigMapKeyRef: { } map }:
                return KeyOf(new(SourceKind.ConfigMap, map.Name ?? ""), map, pod, sources);
            case { SecretKeyRef: { } secret }:
                return KeyOf(new(SourceKind.Secret, secret.Name ?? ""), secret, pod, sources);
            default:
                return null;
        }
    }

    private static string? KeyOf(SourceName source, KeyReference reference, Pod pod, IReadOnlyDictionary<SourceName, SourceData?> sources)
    {
        sources.TryGetValue(source, out var data);
        if (data is not null && data.TryText(reference.Key, out var value)) return value;
        if (reference.Optional == true) return null;
        throw new ConfigurationMissingException(data is null
            ? $"{source.Word} \"{source.Name}\" not found"
            : $"couldn't find key {reference.Key} in {(source.Kind == SourceKind.ConfigMap ? "ConfigMap" : "Secret")} {pod.Metadata.Namespace}/{source.Name}");
    }

    private static (SourceName Name, bool IsOptional)? NameOf(EnvFromSource from) => from switch
    {
        { ConfigMapRef: { } map } => (new(SourceKind.ConfigMap, map.Name ?? ""), map.Optional == true),
        { SecretRef: { } secret } => (new(SourceKind.Secret, secret.Name ?? ""), secret.Optional == true),
        _ => null,
    };
}

/// <summary>What a container may ask about the machine it runs on.</summary>
/// <param name="Address">The node's address, also the pod's.</param>
/// <param name="ApiHost">Where the API answers, or null when not known.</param>
/// <param name="Allocatable">By resource name; the default of a limit that was not set.</param>
internal sealed record NodeFacts(string Name, string Address, string? ApiHost, int? ApiPort, IReadOnlyDictionary<string, Quantity> Allocatable);

/// <summary>Something a container needs is not there (yet): <c>CreateContainerConfigError</c>.</summary>
internal sealed class ConfigurationMissingException(string message) : Exception(message);
