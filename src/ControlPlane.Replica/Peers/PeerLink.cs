using System.Threading.Channels;
using ControlPlane.Raft;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Replica.Peers;

/// <summary>The way to one peer: one connection, made again with back-off when it breaks. Messages that find no connection are lost, which Raft expects;
/// queueing them would only deliver old news.</summary>
internal sealed class PeerLink : IAsyncDisposable
{
    // Enough for the window of appends to one follower and some answers; a peer that does not read loses messages instead of filling this member's memory.
    private const int QueueCountMax = 1024;

    private const int BatchSizeBytes = 1 << 20;
    private const int BufferSizeBytes = 64 << 10;
    private static readonly TimeSpan BackOffBase = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BackOffMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly Channel<PeerMessage> _queue = Channel.CreateBounded<PeerMessage>(
        new BoundedChannelOptions(QueueCountMax) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource _stopping = new();
    private readonly PeerConnector _connector;
    private readonly ReplicaId _peer;
    private readonly TimeProvider _time;
    private readonly Action<string> _notice;
    private readonly Action _lost;
    private readonly Action<RefusedException> _refused;
    private readonly Task _running;
    private volatile bool _isConnected;
    private readonly TaskCompletionSource _firstCall = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _wasSilent;

    /// <param name="lost">Told when a connection broke or the queue overflowed: what was sent last may not have arrived.</param>
    /// <param name="refused">Told when the peer does not want this member.</param>
    public PeerLink(
        PeerConnector connector, ReplicaId peer, string address, TimeProvider time, Action<string> notice, Action lost, Action<RefusedException> refused)
    {
        (_connector, _peer, Address, _time, _notice, _lost, _refused) = (connector, peer, address, time, notice, lost, refused);
        _running = Task.Run(RunAsync);
    }

    public string Address { get; }

    /// <summary>Queues or loses.</summary>
    public void Send(PeerMessage message)
    {
        _wasSilent = false;
        if (_isConnected && !_queue.Writer.TryWrite(message)) _lost();
    }

    /// <summary>Completes when the peer was called once and has let this member in, refused it, or not answered in time.</summary>
    public Task FirstCall => _firstCall.Task;

    /// <summary>Sends <paramref name="ping"/> when nothing was sent since the last call.</summary>
    public void BreakSilence(PeerMessage.Ping ping)
    {
        if (_wasSilent) Send(ping);
        _wasSilent = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var backOff = BackOffBase;
        var lastProblem = "";
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await using var stream = await ConnectAsync();
                if (lastProblem.Length > 0) _notice($"peer {_peer} at {Address}: connected");
                (backOff, lastProblem) = (BackOffBase, "");
                _isConnected = true;
                _firstCall.TrySetResult();
                await SendAsync(stream);
            }
            catch (Exception problem) when (problem is IOException or OperationCanceledException)
            {
                if (_stopping.IsCancellationRequested) return;
                // Once for each new problem, not for each attempt.
                if (problem.Message != lastProblem) _notice($"peer {_peer} at {Address}: {problem.Message}");
                lastProblem = problem.Message;
                if (problem is RefusedException refusal) _refused(refusal);
            }
            finally
            {
                if (_isConnected) _lost();
                _isConnected = false;
                while (_queue.Reader.TryRead(out _)) continue;
            }

            _firstCall.TrySetResult();
            await PauseAsync(backOff);
            backOff = backOff * 2 > BackOffMax ? BackOffMax : backOff * 2;
        }
    }

    private async Task<Stream> ConnectAsync()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        timeout.CancelAfter(ConnectTimeout);
        return await _connector.ConnectAsync(Address, _peer, ConnectionKind.Messages, timeout.Token);
    }

    private async Task SendAsync(Stream stream)
    {
        var buffer = new FrameBuffer(BufferSizeBytes);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        // The peer never speaks on this connection; the end of it is the first sign that the peer is gone.
        var closing = WatchForEndAsync(stream, broken);
        try
        {
            while (await _queue.Reader.WaitToReadAsync(broken.Token))
            {
                while (buffer.Count < BatchSizeBytes && _queue.Reader.TryRead(out var message)) PeerCodec.Encode(buffer, message);
                await stream.WriteAsync(buffer.Written, broken.Token);
                await stream.FlushAsync(broken.Token);
                buffer.Clear();
            }
        }
        finally
        {
            await broken.CancelAsync();
            await closing;
        }
    }

    private static async Task WatchForEndAsync(Stream stream, CancellationTokenSource broken)
    {
        try
        {
            await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, broken.Token);
        }
        catch (Exception end) when (end is IOException or OperationCanceledException)
        {
            // Broken or given up: either way there is nothing more to watch.
            return;
        }
        finally
        {
            await broken.CancelAsync();
        }
    }

    private async Task PauseAsync(TimeSpan backOff)
    {
        try
        {
            await Task.Delay(backOff, _time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping; the loop sees it.
            return;
        }
    }
}
