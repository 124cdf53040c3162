using System.Diagnostics;
using System.Text.Json;

namespace ControlPlane.Harness;

/// <summary>Several real servers on loopback that form one cluster, as an operator would start them.</summary>
public sealed class ServerGroup : IAsyncDisposable
{
    private readonly Scratch _scratch;
    private readonly int[] _apiPorts;
    private readonly int[] _peerPorts;
    private readonly int[] _etcdPorts;
    private readonly BinaryProcess?[] _servers;
    private readonly EtcdServer? _etcd;
    private BinaryProcess? _agent;

    private ServerGroup(Scratch scratch, int count, EtcdServer? etcd)
    {
        _scratch = scratch;
        _etcd = etcd;
        var ports = Scratch.FreePorts(count * 3);
        _apiPorts = ports[..count];
        _peerPorts = ports[count..(2 * count)];
        _etcdPorts = ports[(2 * count)..];
        _servers = new BinaryProcess?[count];
    }

    public int Count => _servers.Length;

    public BinaryProcess? Agent => _agent;

    /// <summary>What the servers keep everything on; null when they do it themselves.</summary>
    public EtcdServer? Etcd => _etcd;

    public BinaryProcess Server(int index) => _servers[index] ?? throw new InvalidOperationException($"server {index} is not running");

    public bool IsRunning(int index) => _servers[index] is { HasExited: false };

    /// <summary>A kubeconfig that points at one server.</summary>
    public string KubeConfig(int index) => _scratch[$"kubeconfig-{index}"];

    /// <summary>Where a server serves etcd's clients.</summary>
    public string EtcdEndpoint(int index) => $"127.0.0.1:{_etcdPorts[index]}";

    public string Url(int index) => $"https://127.0.0.1:{_apiPorts[index]}";

    /// <param name="onEtcd">The servers keep everything on an etcd of their own. Null: as <see cref="TestStore"/> says.</param>
    public static async Task<ServerGroup> StartAsync(Scratch scratch, int count, bool? onEtcd = null)
    {
        var group = new ServerGroup(scratch, count, onEtcd ?? TestStore.IsEtcd ? await EtcdServer.StartAsync(scratch["etcd"]) : null);
        var init = await BinaryProcess.RunAsync(BinaryProcess.BinaryPath, scratch.Folder, null, ["init", "--data", scratch["seed"], "--hosts", "127.0.0.1"]);
        if (init.ExitCode != 0) throw new InvalidOperationException($"init failed: {init}");
        for (var index = 0; index < count; index++)
        {
            CopyFolder(scratch["seed"], scratch[$"s{index}"]);
            var kubeconfig = await File.ReadAllTextAsync(Path.Combine(scratch["seed"], "kubeconfig"));
            await File.WriteAllTextAsync(group.KubeConfig(index), kubeconfig.Replace("https://127.0.0.1:6443", group.Url(index)));
        }

        for (var index = 0; index < count; index++) group.Start(index);
        for (var index = 0; index < count; index++) await group.Server(index).WaitForLineAsync("Ready: ", TimeSpan.FromSeconds(60));
        return group;
    }

    public void Start(int index)
    {
        if (_etcd is not null)
        {
            _servers[index] = BinaryProcess.Start(_scratch.Folder, "server", "--name", $"s{index}", "--data", _scratch[$"s{index}"],
                "--listen", $"127.0.0.1:{_apiPorts[index]}", "--etcd-servers", _etcd.Url);
            return;
        }

        var members = string.Join(',', _peerPorts.Select((port, at) => $"s{at}=127.0.0.1:{port}"));
        _servers[index] = BinaryProcess.Start(_scratch.Folder, "server", "--name", $"s{index}", "--data", _scratch[$"s{index}"],
            "--listen", $"127.0.0.1:{_apiPorts[index]}", "--peer-listen", $"127.0.0.1:{_peerPorts[index]}", "--initial-cluster", members, "--etcd-listen", EtcdEndpoint(index));
    }

    /// <summary>An agent that is told of one server only.</summary>
    public void StartAgent(int server, params string[] arguments) =>
        _agent = BinaryProcess.Start(_scratch.Folder, ["agent", "--kubeconfig", KubeConfig(server), "--data", _scratch["agent"], .. arguments]);

    /// <summary><c>kill -9</c>; the server can be started again with <see cref="Start"/>.</summary>
    public async Task KillAsync(int index)
    {
        var server = Server(index);
        server.KillHard();
        await server.WaitForExitAsync(TimeSpan.FromSeconds(10));
        _servers[index] = null;
    }

    /// <summary>Which server leads, as the members say; waits until one does.</summary>
    public async Task<int> LeaderAsync(TimeSpan deadline)
    {
        var clock = Stopwatch.StartNew();
        var last = "nobody asked";
        while (clock.Elapsed < deadline)
        {
            for (var index = 0; index < Count; index++)
            {
                if (!IsRunning(index)) continue;
                var answer = await BinaryProcess.RunAsync(BinaryProcess.BinaryPath, _scratch.Folder, null, ["member", "list", "-o", "json", "--kubeconfig", KubeConfig(index)]);
                last = answer.ToString();
                if (answer.ExitCode != 0) continue;
                foreach (var member in JsonDocument.Parse(answer.Output).RootElement.GetProperty("members").EnumerateArray())
                {
                    if (member.GetProperty("role").GetString() != "leader") continue;
                    var leader = int.Parse(member.GetProperty("name").GetString()![1..]);
                    if (IsRunning(leader)) return leader;
                }
            }
        }

        throw new TimeoutException($"nobody leads after {deadline.TotalSeconds} s; last answer: {last}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null) await _agent.DisposeAsync();
        await Task.WhenAll(_servers.OfType<BinaryProcess>().Select(server => server.DisposeAsync().AsTask()));
        if (_etcd is not null) await _etcd.DisposeAsync();
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(folder.Replace(from, to));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)) File.Copy(file, file.Replace(from, to));
    }
}
