namespace ControlPlane.Harness;

/// <summary>A real etcd of one member on loopback.</summary>
public sealed class EtcdServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly int _clientPort;
    private readonly int _peerPort;
    private BinaryProcess? _process;

    private EtcdServer(string folder)
    {
        _folder = folder;
        var ports = Scratch.FreePorts(2);
        (_clientPort, _peerPort) = (ports[0], ports[1]);
    }

    /// <summary>The program on the PATH; null where there is none.</summary>
    public static string? Binary { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "etcd")).FirstOrDefault(File.Exists);

    /// <summary><c>http://127.0.0.1:port</c>.</summary>
    public string Url => $"http://127.0.0.1:{_clientPort}";

    /// <exception cref="InvalidOperationException">There is no etcd on the PATH.</exception>
    public static async Task<EtcdServer> StartAsync(string folder)
    {
        var server = new EtcdServer(folder);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it again, on the same ports and data, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var binary = Binary ?? throw new InvalidOperationException("etcd is not on the PATH");
        var peer = $"http://127.0.0.1:{_peerPort}";
        _process = BinaryProcess.Start(binary, Path.GetDirectoryName(_folder)!, null,
        [
            "--data-dir", _folder, "--listen-client-urls", Url, "--advertise-client-urls", Url,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"default={peer}",
        ]);
        await _process.WaitForLineAsync("ready to serve client requests", TimeSpan.FromSeconds(30));
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        _process.KillHard();
        await _process.WaitForExitAsync(TimeSpan.FromSeconds(10));
        await _process.DisposeAsync();
        _process = null;
    }

    /// <summary><c>SIGSTOP</c>: it keeps its connections and says nothing.</summary>
    public void Pause() => _process?.Pause();

    public void Resume() => _process?.Resume();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }
}
