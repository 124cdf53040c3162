using Microsoft.Extensions.Hosting;

namespace ControlPlane.Etcd.Hosting;

/// <summary>The face stops when its owner says so; Ctrl-C is the program's business.</summary>
internal sealed class NoSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
