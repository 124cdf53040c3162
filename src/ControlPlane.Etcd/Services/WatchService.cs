using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Etcd.Watches;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>etcd's <c>Watch</c>: reads what the client asks for, while the stream's loop writes.</summary>
internal sealed class WatchService(ServedStore store, WatchHub hub, LeaderPresence leader, ProgressClock clock)
{
    // etcd's largest request, 1.5 MiB: what a client takes without being asked.
    private const int ResponseBytesMax = 3 << 19;

    public async Task WatchAsync(IAsyncStreamReader<WatchRequest> requests, ServerCallContext context)
    {
        using var ending = leader.LinkTo(context, hub.Stopping);
        var stream = new WatchStream(hub, store, ResponseBytesMax);
        using var ticking = clock.Follow(stream);
        // The client learns at once that it is heard, whenever it means to send its first request; and the body can be written to.
        await context.WriteResponseHeadersAsync([]);
        var writing = WriteAsync();
        try
        {
            while (await requests.MoveNext(ending.Token)) stream.Take(requests.Current);
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or RpcException or InvalidOperationException)
        {
            // The client went away or the face stops; the call ends below, with the reason if anybody is left to hear it.
            ending.Cancel();
        }

        stream.End();
        ending.Cancel();
        try
        {
            await writing;
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or InvalidOperationException)
        {
            leader.ThrowIfAbsent(context);
            if (hub.Stopping.IsCancellationRequested) throw EtcdErrors.Of(EtcdErrors.Stopped);
        }

        async Task WriteAsync()
        {
            try
            {
                await stream.WriteAsync(context.GetHttpContext().Response.BodyWriter, ending.Token);
            }
            finally
            {
                // Whatever ended it, a client that is told nothing more must not go on waiting.
                await ending.CancelAsync();
            }
        }
    }
}

/// <summary>The one method of etcd's <c>Watch</c>, bound by hand: its responses are written into the body past the framework.</summary>
internal sealed class WatchMethods : IServiceMethodProvider<WatchService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<WatchService> context) => context.AddDuplexStreamingMethod(
        new Method<WatchRequest, WatchResponse>(MethodType.DuplexStreaming, Protocol.Watch.Descriptor.FullName, "Watch", Marshallers.Of(WatchRequest.Parser), Marshallers.Of(WatchResponse.Parser)),
        [],
        static (service, requests, _, call) => service.WatchAsync(requests, call));
}
