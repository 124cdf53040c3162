using ControlPlane.Agent.Environments;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Processes;

/// <summary>Fills a pod's volumes as folders, and says what a container must see where.</summary>
internal static class PodVolumes
{
    private const string TokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Every ConfigMap and Secret a container's mounts want.</summary>
    public static IEnumerable<SourceName> SourcesOf(Pod pod, Container container) =>
        Mounted(pod, container).SelectMany(pair => FilesOf(pair.Volume)).OfType<KeyedFiles>().Select(files => files.Source);

    /// <summary>Makes the folders and answers the mounts of a container.</summary>
    /// <param name="root">The pod's folder of volumes.</param>
    /// <exception cref="ConfigurationMissingException">A ConfigMap, Secret or key is not there (yet).</exception>
    /// <exception cref="CannotRunException">A volume of this kind cannot be given here.</exception>
    public static List<BindMount> Prepare(Pod pod, Container container, NodeFacts node, IReadOnlyDictionary<SourceName, SourceData?> sources, string root)
    {
        var mounts = new List<BindMount>();
        foreach (var (mount, volume) in Mounted(pod, container))
        {
            if (mount.SubPathExpr is not null) throw new CannotRunException($"volume mount {mount.MountPath}: subPathExpr is not supported by the process runtime; use subPath");
            var source = Folder(pod, container, volume, node, sources, Path.Combine(root, volume.Name));
            if (mount.SubPath is { Length: > 0 } subPath)
            {
                var whole = source;
                source = Inside(whole, subPath);

                // An emptyDir is writable: what is not there yet becomes a folder, as in Kubernetes.
                if (!Path.Exists(source)) Directory.CreateDirectory(source);
            }

            var isReadOnly = mount.ReadOnly == true || volume.EmptyDir is null && volume.HostPath is null;
            mounts.Add(new(source, mount.MountPath, isReadOnly));
        }

        if (mounts.Count > 0 && (Shim.UnsharePath is null || Native.EffectiveUserId() != 0))
        {
            throw new CannotRunException(
                $"container {container.Name} mounts {string.Join(", ", mounts.Select(mount => mount.Target))}: the process runtime can mount only as root and with util-linux's unshare; run the agent as root, or do without volumes");
        }

        // Outer paths first, so that an inner mount is not covered.
        return [.. mounts.OrderBy(mount => mount.Target.Length)];
    }

    private static IEnumerable<(VolumeMount Mount, Volume Volume)> Mounted(Pod pod, Container container)
    {
        foreach (var mount in container.VolumeMounts)
        {
            // Every pod gets this one unasked; a program that wants the API's credentials is told in the documentation that there are none here.
            if (mount.MountPath == TokenFolder) continue;
            var volume = pod.Spec.Volumes.FirstOrDefault(volume => volume.Name == mount.Name);
            if (volume is not null) yield return (mount, volume);
        }
    }

    private static string Folder(Pod pod, Container container, Volume volume, NodeFacts node, IReadOnlyDictionary<SourceName, SourceData?> sources, string folder)
    {
        if (volume.HostPath is { } host) return HostFolder(volume.Name, host);
        Directory.CreateDirectory(folder);
        if (volume.EmptyDir is not null) return folder;
        var files = FilesOf(volume).ToList();
        if (files.Count == 0) throw new CannotRunException($"volume {volume.Name} is of a kind the process runtime cannot mount; it mounts emptyDir, hostPath, configMap, secret, downwardAPI and projected");
        foreach (var part in files) Fill(pod, container, part, node, sources, folder);
        return folder;
    }

    private static void Fill(Pod pod, Container container, object part, NodeFacts node, IReadOnlyDictionary<SourceName, SourceData?> sources, string folder)
    {
        switch (part)
        {
            case KeyedFiles keyed:
                sources.TryGetValue(keyed.Source, out var data);
                if (data is null && !keyed.IsOptional) throw new ConfigurationMissingException($"{keyed.Source.Word} \"{keyed.Source.Name}\" not found");
                if (data is null) return;
                if (keyed.Items.IsDefaultOrEmpty)
                {
                    foreach (var (key, bytes) in data.Entries) Write(folder, key, bytes, null);
                    return;
                }

                foreach (var item in keyed.Items)
                {
                    if (data.Entries.TryGetValue(item.Key, out var bytes)) Write(folder, item.Path, bytes, item.Mode);
                    else if (!keyed.IsOptional) throw new ConfigurationMissingException($"couldn't find key {item.Key} in {keyed.Source.Word} {pod.Metadata.Namespace}/{keyed.Source.Name}");
                }

                return;
            case DownwardApiSource downward:
                foreach (var item in downward.Items)
                {
                    var value = item switch
                    {
                        { FieldRef: { } field } => DownwardField.Of(pod, field.FieldPath, node),
                        { ResourceFieldRef: { } resource } => DownwardField.OfResource(pod.Spec.Containers.FirstOrDefault(other => other.Name == resource.ContainerName) ?? container, resource, node),
                        _ => null,
                    };
                    if (value is null) throw new CannotRunException($"downwardAPI file {item.Path}: the field is not offered; offered are {DownwardField.Offered}");
                    Write(folder, item.Path, System.Text.Encoding.UTF8.GetBytes(value), item.Mode);
                }

                return;
        }
    }

    private static IEnumerable<object> FilesOf(Volume volume)
    {
        if (volume.ConfigMap is { } map) yield return new KeyedFiles(new(SourceKind.ConfigMap, map.Name ?? ""), map.Items, map.Optional == true);
        if (volume.Secret is { } secret) yield return new KeyedFiles(new(SourceKind.Secret, secret.SecretName ?? ""), secret.Items, secret.Optional == true);
        if (volume.DownwardAPI is { } downward) yield return downward;
        foreach (var projection in volume.Projected?.Sources ?? [])
        {
            if (projection.ConfigMap is { } projectedMap) yield return new KeyedFiles(new(SourceKind.ConfigMap, projectedMap.Name ?? ""), projectedMap.Items, projectedMap.Optional == true);
            if (projection.Secret is { } projectedSecret) yield return new KeyedFiles(new(SourceKind.Secret, projectedSecret.Name ?? ""), projectedSecret.Items, projectedSecret.Optional == true);
            if (projection.DownwardAPI is { } projectedDownward) yield return projectedDownward;
            if (projection.ServiceAccountToken is not null) throw new CannotRunException($"volume {volume.Name} projects a service account token, which the process runtime does not issue; remove that source");
        }
    }

    private static string HostFolder(string volume, HostPathSource host)
    {
        var exists = Path.Exists(host.Path);
        switch (host.Type ?? "")
        {
            case "DirectoryOrCreate" when !exists:
                Directory.CreateDirectory(host.Path);
                return host.Path;
            case "FileOrCreate" when !exists:
                File.WriteAllBytes(host.Path, []);
                return host.Path;
            default:
                return exists ? host.Path : throw new CannotRunException($"volume {volume}: hostPath {host.Path} does not exist on the node");
        }
    }

    private static void Write(string folder, string path, ReadOnlySpan<byte> bytes, int? mode)
    {
        var target = Inside(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.WriteAllBytes(target, bytes);
        if (mode is { } bits) File.SetUnixFileMode(target, (UnixFileMode)(bits & 0x1ff));
    }

    /// <summary>A path below a folder; one that leads out of it is refused.</summary>
    private static string Inside(string folder, string path)
    {
        var full = Path.GetFullPath(path.TrimStart('/'), folder);
        return full == folder || full.StartsWith(folder + "/", StringComparison.Ordinal) ? full : throw new CannotRunException($"path {path} leads out of its volume");
    }

    private sealed record KeyedFiles(SourceName Source, System.Collections.Immutable.ImmutableArray<KeyToPath> Items, bool IsOptional);
}
