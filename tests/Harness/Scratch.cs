using System.Net;
using System.Net.Sockets;

namespace ControlPlane.Harness;

/// <summary>A folder and ports of one test's own.</summary>
public sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("controlplane-").FullName;

    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>Distinct free loopback ports. Taken by nobody at the time of asking, which is as good as it gets.</summary>
    public static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        foreach (var listener in listeners) listener.Start();
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners) listener.Stop();
        return ports;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
