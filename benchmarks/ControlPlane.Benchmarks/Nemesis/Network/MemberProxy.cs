using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ControlPlane.Benchmarks.Nemesis.Network;

/// <summary>Stands in for one member towards the others: they dial it, it dials the member, and every byte passes a <see cref="Link"/>.</summary>
internal sealed class MemberProxy : IAsyncDisposable
{
    private readonly MemberNetwork _network;
    private readonly int _member;
    private readonly int _realPort;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, byte> _serving = [];
    private readonly ConcurrentDictionary<Socket, (int Dialler, Socket Inner)> _open = [];
    private readonly Task _accepting;

    public MemberProxy(MemberNetwork network, int member, int port, int realPort)
    {
        (_network, _member, _realPort) = (network, member, realPort);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Resets every connection that <paramref name="dialler"/> has to this member.</summary>
    public void ResetFrom(int dialler)
    {
        foreach (var (outer, (from, inner)) in _open)
        {
            if (from == dialler) Reset(outer, inner);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        foreach (var (outer, (_, inner)) in _open) Reset(outer, inner);
        await Task.WhenAll(_serving.Keys);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var outer = await _listener.AcceptSocketAsync(_stopping.Token);
                var serving = Task.Run(() => ServeAsync(outer));
                _serving[serving] = 0;
                _ = serving.ContinueWith(done => _serving.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket outer)
    {
        var inner = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        outer.NoDelay = true;
        var source = ((IPEndPoint)outer.RemoteEndPoint!).Port;
        var dialler = _network.MemberAt(((IPEndPoint)outer.LocalEndPoint!).Port, source);
        if (dialler is not { } from || _network.From(from, _member).IsCut || _network.From(_member, from).IsCut)
        {
            Reset(outer, inner);
            return;
        }

        try
        {
            await inner.ConnectAsync(IPAddress.Loopback, _realPort, _stopping.Token);
        }
        catch (Exception refused) when (refused is SocketException or OperationCanceledException)
        {
            // Nobody listens; the dialler learns it when the way back is open.
            while (_network.From(_member, from).IsSilent && !_stopping.IsCancellationRequested) await Task.Delay(20);
            Reset(outer, inner);
            return;
        }

        _open[outer] = (from, inner);
        await Task.WhenAll(
            new Pump(outer, inner, _network.From(from, _member)).RunAsync(_stopping.Token),
            new Pump(inner, outer, _network.From(_member, from)).RunAsync(_stopping.Token));
        _open.TryRemove(outer, out _);
        outer.Dispose();
        inner.Dispose();
    }

    private static void Reset(Socket outer, Socket inner)
    {
        foreach (var socket in new[] { outer, inner })
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                continue;
            }

            socket.Close();
        }
    }
}
