using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Quantities;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Kinds;

/// <summary>Checks of a pod's volumes.</summary>
internal static class VolumeValidation
{
    private static readonly string[] HostPathTypes = ["", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"];

    /// <returns>The volumes' names.</returns>
    public static HashSet<string> Validate(JsonObject spec, string path, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var i = 0;
        foreach (var volume in spec.Items("volumes"))
        {
            var volumePath = $"{path}.volumes[{i++}]";
            CheckSource(volume, volumePath, errors);
            if (!volume.TryGetText(out var name, "name")) errors.Required($"{volumePath}.name");
            else if (ObjectNames.Dns1123LabelProblem(name) is { } problem) errors.Invalid($"{volumePath}.name", $"\"{name}\"", problem);
            else if (!names.Add(name)) errors.Duplicate($"{volumePath}.name", $"\"{name}\"");
        }

        return names;
    }

    private static void CheckSource(JsonObject volume, string path, FieldErrors errors)
    {
        string? first = null;
        foreach (var (source, value) in volume)
        {
            if (source == "name" || value is null) continue;
            if (first is not null) errors.Forbidden($"{path}.{source}", "may not specify more than 1 volume type");
            first ??= source;
        }

        switch (first)
        {
            case null:
                errors.Required(path, "must specify a volume type");
                break;
            case "hostPath":
                if (!volume.TryGetText(out var hostPath, "hostPath", "path")) errors.Required($"{path}.hostPath.path");
                else if (hostPath.Split('/').Contains("..")) errors.Invalid($"{path}.hostPath.path", $"\"{hostPath}\"", "must not contain '..'");
                if (volume.Text("hostPath", "type") is { } type && !HostPathTypes.Contains(type)) errors.NotSupported($"{path}.hostPath.type", type, HostPathTypes);
                break;
            case "configMap":
                if (!volume.TryGetText(out _, "configMap", "name")) errors.Required($"{path}.configMap.name");
                CheckFiles(volume["configMap"], $"{path}.configMap", errors);
                break;
            case "secret":
                if (!volume.TryGetText(out _, "secret", "secretName")) errors.Required($"{path}.secret.secretName");
                CheckFiles(volume["secret"], $"{path}.secret", errors);
                break;
            case "emptyDir":
                if (volume.At("emptyDir", "sizeLimit") is { } limit && Quantity.TryParse(limit.ToString(), out var size) && size.IsNegative)
                {
                    errors.Forbidden($"{path}.emptyDir.sizeLimit", "SizeLimit field must be a valid resource quantity");
                }

                break;
            case "downwardAPI":
                CheckDownwardItems(volume["downwardAPI"], $"{path}.downwardAPI", errors);
                break;
            case "projected":
                CheckProjected(volume, path, errors);
                break;
        }
    }

    private static void CheckProjected(JsonObject volume, string path, FieldErrors errors)
    {
        Mode(volume["projected"], "defaultMode", $"{path}.projected", errors);
        var i = 0;
        foreach (var source in volume.Items("projected", "sources"))
        {
            var sourcePath = $"{path}.projected.sources[{i++}]";
            if (source.Count > 1) errors.Forbidden(sourcePath, "may not specify more than 1 volume type");
            foreach (var kind in (ReadOnlySpan<string>)["configMap", "secret"])
            {
                if (!source.Has(kind)) continue;
                if (!source.TryGetText(out _, kind, "name")) errors.Required($"{sourcePath}.{kind}.name");
                CheckFiles(source[kind], $"{sourcePath}.{kind}", errors);
            }

            if (source.Has("downwardAPI")) CheckDownwardItems(source["downwardAPI"], $"{sourcePath}.downwardAPI", errors);
            if (source.Object("serviceAccountToken") is { } token && !token.TryGetText(out _, "path")) errors.Required($"{sourcePath}.serviceAccountToken.path");
        }
    }

    private static void CheckFiles(JsonNode? source, string path, FieldErrors errors)
    {
        Mode(source, "defaultMode", path, errors);
        var i = 0;
        foreach (var item in source.Items("items"))
        {
            var itemPath = $"{path}.items[{i++}]";
            if (!item.TryGetText(out _, "key")) errors.Required($"{itemPath}.key");
            CheckFilePath(item, itemPath, errors);
            Mode(item, "mode", itemPath, errors);
        }
    }

    private static void CheckDownwardItems(JsonNode? source, string path, FieldErrors errors)
    {
        Mode(source, "defaultMode", path, errors);
        var i = 0;
        foreach (var item in source.Items("items"))
        {
            var itemPath = $"{path}.items[{i++}]";
            CheckFilePath(item, itemPath, errors);
            if (item.Object("fieldRef") is { } field) ContainerValidation.CheckFieldPath(field, $"{itemPath}.fieldRef", errors);
            else if (!item.Has("resourceFieldRef")) errors.Required(itemPath, "one of fieldRef and resourceFieldRef is required");
        }
    }

    private static void CheckFilePath(JsonObject item, string path, FieldErrors errors)
    {
        if (!item.TryGetText(out var file, "path")) errors.Required($"{path}.path");
        else if (file.StartsWith('/')) errors.Invalid($"{path}.path", $"\"{file}\"", "must be a relative path");
        else if (file.Split('/').Contains("..")) errors.Invalid($"{path}.path", $"\"{file}\"", "must not contain '..'");
    }

    private static void Mode(JsonNode? node, string field, string path, FieldErrors errors)
    {
        if (node.Number(field) is { } mode && mode is < 0 or > 511) errors.Invalid($"{path}.{field}", $"{mode}", "must be a number between 0 and 0777 (octal), both inclusive");
    }
}
