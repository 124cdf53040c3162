using ControlPlane.Harness;

namespace ControlPlane.Conformance;

/// <summary><c>controlplane dev</c> on free ports, shared by the tests of one class.</summary>
public sealed class DevServer : IAsyncLifetime
{
    private BinaryProcess? _process;
    private EtcdServer? _etcd;

    internal Scratch Scratch { get; } = new();

    internal BinaryProcess Process => _process ?? throw new InvalidOperationException("not started");

    internal string KubeConfig => Scratch["kubeconfig"];

    /// <summary><c>https://127.0.0.1:port</c>.</summary>
    internal string Url { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (TestStore.IsEtcd) _etcd = await EtcdServer.StartAsync(Scratch["etcd"]);
        _process = Start();
        var ready = await _process.WaitForLineAsync("Ready: ", TimeSpan.FromSeconds(60));
        Url = ready.Split("Ready: ")[1].Split(' ')[0];
    }

    internal BinaryProcess Start(params string[] more) => BinaryProcess.Start(Scratch.Folder,
        ["dev", "--data", Scratch["data"], "--listen", "127.0.0.1:0", "--dashboard-listen", "127.0.0.1:0", "--kubeconfig", KubeConfig, .. OnEtcd(), .. more]);

    private string[] OnEtcd() => _etcd is null ? [] : ["--etcd-servers", _etcd.Url];

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        if (_etcd is not null) await _etcd.DisposeAsync();
        Scratch.Dispose();
    }
}
