using System.Text.Json;
using ControlPlane.Harness;

namespace ControlPlane.Conformance;

/// <summary>An operator at a command line: servers of one cluster started one by one, and the commands that look after them.</summary>
internal sealed class Operator : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Scratch _scratch;
    private readonly int[] _ports;
    private readonly Dictionary<string, BinaryProcess> _servers = [];

    private Operator(Scratch scratch, int count)
    {
        _scratch = scratch;
        _ports = Scratch.FreePorts(count * 2);
    }

    public static async Task<Operator> BeginAsync(Scratch scratch, int count)
    {
        var begun = new Operator(scratch, count);
        var init = await BinaryProcess.RunAsync(BinaryProcess.BinaryPath, scratch.Folder, null, ["init", "--data", scratch["seed"], "--hosts", "127.0.0.1"]);
        Assert.True(init.ExitCode == 0, init.ToString());
        return begun;
    }

    public BinaryProcess Server(string name) => _servers[name];

    public string Data(string name) => _scratch[name];

    public string PeerAddress(string name) => $"127.0.0.1:{_ports[(2 * Number(name)) - 1]}";

    public string List(params string[] names) => string.Join(',', names.Select(name => $"{name}={PeerAddress(name)}"));

    /// <summary>Starts a server on its copy of the seed and waits until it serves.</summary>
    public async Task StartAsync(string name, params string[] how)
    {
        Start(name, how);
        await _servers[name].WaitForLineAsync("Ready: ", Patience);
    }

    public void Start(string name, params string[] how)
    {
        if (!Directory.Exists(Path.Combine(Data(name), "pki"))) CopyFolder(Path.Combine(_scratch["seed"], "pki"), Path.Combine(Data(name), "pki"));
        _servers[name] = BinaryProcess.Start(_scratch.Folder,
            ["server", "--name", name, "--data", Data(name), "--listen", ApiAddress(name), "--peer-listen", PeerAddress(name), .. how]);
    }

    public async Task StopAsync(string name)
    {
        await _servers[name].DisposeAsync();
        _servers.Remove(name);
    }

    public async Task<int> ExitAsync(string name) => await _servers[name].WaitForExitAsync(Patience);

    /// <summary>Runs a command against a server; it must succeed.</summary>
    public async Task<string> OkAsync(string server, params string[] command)
    {
        var finished = await RunAsync([.. command, "--kubeconfig", await KubeConfigAsync(server)]);
        Assert.True(finished.ExitCode == 0, $"{string.Join(' ', command)}: {finished}");
        return finished.Output;
    }

    /// <summary>Runs a command against a server; it must be refused with 1. Returns what it said.</summary>
    public async Task<string> RefusedAsync(string server, params string[] command)
    {
        var finished = await RunAsync([.. command, "--kubeconfig", await KubeConfigAsync(server)]);
        Assert.True(finished.ExitCode == 1, $"{string.Join(' ', command)}: {finished}");
        return finished.Error;
    }

    /// <summary>Runs a command that needs no server.</summary>
    public Task<Finished> RunAsync(params string[] command) => BinaryProcess.RunAsync(BinaryProcess.BinaryPath, _scratch.Folder, null, command);

    /// <summary>Name to role, as a server says.</summary>
    public async Task<Dictionary<string, string>> RolesAsync(string server)
    {
        var document = JsonDocument.Parse(await OkAsync(server, "member", "list", "-o", "json"));
        return document.RootElement.GetProperty("members").EnumerateArray().ToDictionary(member => member.GetProperty("name").GetString()!, member => member.GetProperty("role").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values) await server.DisposeAsync();
    }

    private static int Number(string name) => int.Parse(name[1..]);

    private string ApiAddress(string name) => $"127.0.0.1:{_ports[(2 * Number(name)) - 2]}";

    private async Task<string> KubeConfigAsync(string server)
    {
        var path = _scratch[$"kubeconfig-{server}"];
        var seed = await File.ReadAllTextAsync(Path.Combine(_scratch["seed"], "kubeconfig"));
        await File.WriteAllTextAsync(path, seed.Replace("https://127.0.0.1:6443", $"https://{ApiAddress(server)}"));
        return path;
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
