using Microsoft.Extensions.Hosting;

namespace ControlPlane.ApiServer.Hosting;

/// <summary>Leaves the process's signals alone: the default lifetime would take Ctrl-C and SIGTERM from the executable, which stops pods and store in its own order.</summary>
internal sealed class NoSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
