using System.Globalization;
using System.Text.Json;
using ControlPlane.Agent.Pods;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Processes;

/// <summary>Where everything of one pod lies, so that an agent that comes back finds it:
/// <code>
/// &lt;data&gt;/pods/&lt;uid&gt;/pod.json           the pod as last seen
/// &lt;data&gt;/pods/&lt;uid&gt;/state.json         what the agent knows of it (PodState)
/// &lt;data&gt;/pods/&lt;uid&gt;/volumes/&lt;name&gt;/    emptyDir, configMap, secret, downwardAPI, projected
/// &lt;data&gt;/pods/&lt;uid&gt;/logs/&lt;container&gt;/&lt;attempt&gt;.{log,idx,pid,exit,err}
/// </code></summary>
internal sealed class PodDirectory
{
    private readonly string _path;

    public PodDirectory(string data, string uid)
    {
        // The uid comes from the API; as a folder name it must not lead elsewhere.
        Invariant.That(uid.Length > 0 && uid.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
        _path = Path.Combine(Root(data), uid);
    }

    public string Volumes => Path.Combine(_path, "volumes");

    /// <summary>The working directory of containers that ask for none.</summary>
    public string Work => Path.Combine(_path, "work");

    public static string Root(string data) => Path.Combine(data, "pods");

    /// <summary>Makes the folders; the pod's own are for its owner's eyes only.</summary>
    public void Create()
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(_path, ownerOnly);
        Directory.CreateDirectory(Work);
    }

    /// <summary>The files of one run without extension: see <see cref="Shim"/>.</summary>
    public string Stem(string container, int attempt) => Path.Combine(_path, "logs", container, attempt.ToString(CultureInfo.InvariantCulture));

    public void SavePod(ReadOnlySpan<byte> json) => Replace("pod.json", json);

    public void SaveState(PodState state) => Replace("state.json", JsonSerializer.SerializeToUtf8Bytes(state, PodStateJson.Default.PodState));

    /// <summary>What <see cref="SavePod"/> kept, or null; a file damaged by a crash counts as none.</summary>
    public Pod? LoadPod() => Load("pod.json", bytes => JsonSerializer.Deserialize(bytes, Pod.TypeInfo));

    public PodState? LoadState() => Load("state.json", bytes => JsonSerializer.Deserialize(bytes, PodStateJson.Default.PodState));

    /// <summary>Removes the logs of runs before <paramref name="attempt"/>: the last and the one before are kept.</summary>
    public void DropRunsBefore(string container, int attempt)
    {
        var folder = Path.Combine(_path, "logs", container);
        if (!Directory.Exists(folder)) return;
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture, out var number) && number < attempt) File.Delete(file);
        }
    }

    public void Delete()
    {
        if (Directory.Exists(_path)) Directory.Delete(_path, recursive: true);
    }

    private void Replace(string name, ReadOnlySpan<byte> bytes)
    {
        // Beside and renamed: a crash leaves the old file or the new one.
        var path = Path.Combine(_path, name);
        File.WriteAllBytes(path + ".new", bytes);
        File.Move(path + ".new", path, overwrite: true);
    }

    private T? Load<T>(string name, Func<byte[], T?> read) where T : class
    {
        try
        {
            return read(File.ReadAllBytes(Path.Combine(_path, name)));
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }
}
