using ControlPlane.Etcd.Protocol;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>The stream of one watch, for those who do not read it.</summary>
internal sealed class OpenWatch(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, CancellationTokenSource ending, bool tellsProgress) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private volatile bool _isOver;

    /// <summary>Whether an answer to <see cref="AskProgressAsync"/> can be trusted to come after every event up to its revision.</summary>
    public bool TellsProgress => tellsProgress;

    public async Task AskProgressAsync()
    {
        await _writing.WaitAsync();
        try
        {
            if (!_isOver) await call.RequestStream.WriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() });
        }
        catch (Exception broken) when (broken is RpcException or InvalidOperationException or OperationCanceledException or IOException)
        {
            // The stream is over; its reader notices and opens another.
            _isOver = true;
        }
        finally
        {
            _writing.Release();
        }
    }

    public void GiveUp()
    {
        try
        {
            if (!_isOver) ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at the same time.
            _isOver = true;
        }
    }

    public void Dispose() => _isOver = true;
}
