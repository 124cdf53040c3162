using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>A lease of etcd that says "this server lives", with the time until which that is certain.</summary>
/// <remarks>
/// The end is counted from before each renewal was sent, less a fifth: etcd counts from when it arrived, so that this server knows that its session may be over
/// well before etcd lets another one lead, even if one of both clocks runs ten per cent slow.
/// </remarks>
internal sealed class Session
{
    private readonly EtcdEndpoints _endpoints;
    private readonly TimeProvider _time;
    private long _sentAt;
    private TimeSpan _timeToLive;

    private Session(EtcdEndpoints endpoints, TimeProvider time, LeaseId lease, long sentAt, TimeSpan timeToLive)
    {
        (_endpoints, _time, Lease) = (endpoints, time, lease);
        (_sentAt, _timeToLive) = (sentAt, timeToLive);
    }

    public LeaseId Lease { get; }

    /// <summary>What is left for certain; zero or less when the session must be taken for lost.</summary>
    public TimeSpan Certain => _timeToLive * 0.8 - _time.GetElapsedTime(Interlocked.Read(ref _sentAt));

    public TimeSpan SinceRenewal => _time.GetElapsedTime(Interlocked.Read(ref _sentAt));

    /// <exception cref="RpcException">etcd did not grant it.</exception>
    public static async Task<Session> OpenAsync(EtcdEndpoints endpoints, TimeProvider time, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var connection = endpoints.Current;
        var sentAt = time.GetTimestamp();
        try
        {
            var request = new LeaseGrantRequest { TTL = (long)Math.Ceiling(timeToLive.TotalSeconds) };
            var granted = await connection.Leases.LeaseGrantAsync(request, deadline: Calls.Deadline(timeToLive), cancellationToken: cancellationToken);
            return new Session(endpoints, time, new LeaseId(granted.ID), sentAt, TimeSpan.FromSeconds(granted.TTL));
        }
        catch (RpcException)
        {
            endpoints.Leave(connection);
            throw;
        }
    }

    /// <summary>Renews it with one try, which takes no longer than a third of the session's time, or than what is left for certain.</summary>
    /// <returns>False when etcd does not have it any more.</returns>
    /// <exception cref="RpcException">etcd did not answer; there may be time for another try.</exception>
    public async Task<bool> TryRenewAsync(CancellationToken cancellationToken)
    {
        var connection = _endpoints.Current;
        var sentAt = _time.GetTimestamp();
        try
        {
            using var call = connection.Leases.LeaseKeepAlive(EtcdConnection.NeedsLeader(), Patience(), cancellationToken);
            await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = Lease.Value }, cancellationToken);
            if (!await call.ResponseStream.MoveNext(cancellationToken)) throw new RpcException(new Status(StatusCode.Unavailable, "etcd ended the stream of renewals"));
            var answer = call.ResponseStream.Current;
            if (answer.TTL <= 0) return false;
            _timeToLive = TimeSpan.FromSeconds(answer.TTL);
            Interlocked.Exchange(ref _sentAt, sentAt);
            return true;
        }
        catch (RpcException)
        {
            _endpoints.Leave(connection);
            throw;
        }
    }

    /// <summary>Puts a key under the session if nobody has it.</summary>
    /// <returns>Whether this call did it.</returns>
    /// <exception cref="RpcException">etcd did not answer; the key may have been put.</exception>
    public async Task<bool> TryClaimAsync(ByteString key, string text, CancellationToken cancellationToken)
    {
        var connection = _endpoints.Current;
        var request = new TxnRequest
        {
            Compare = { new Compare { Key = key, Target = Compare.Types.CompareTarget.Create, Result = Compare.Types.CompareResult.Equal, CreateRevision = 0 } },
            Success = { new RequestOp { RequestPut = new PutRequest { Key = key, Value = ByteString.CopyFromUtf8(text), Lease = Lease.Value } } },
            Failure = { new RequestOp { RequestRange = new RangeRequest { Key = key, CountOnly = true } } },
        };
        try
        {
            return (await connection.Keys.TxnAsync(request, deadline: Patience(), cancellationToken: cancellationToken)).Succeeded;
        }
        catch (RpcException failed)
        {
            if (CallFailure.IsOfTheMember(failed)) _endpoints.Leave(connection);
            throw;
        }
    }

    /// <summary>Ends it, and with it everything under it, so that nobody needs to wait for its time to be over.</summary>
    public async Task CloseAsync()
    {
        try
        {
            await _endpoints.Current.Leases.LeaseRevokeAsync(new LeaseRevokeRequest { ID = Lease.Value }, deadline: Calls.Deadline(TimeSpan.FromSeconds(1)));
        }
        catch (RpcException)
        {
            // Then etcd ends it by itself when its time is over.
            return;
        }
    }

    private DateTime Patience()
    {
        var third = _timeToLive / 3;
        var certain = Certain;
        return Calls.Deadline(certain > TimeSpan.Zero && certain < third ? certain : third);
    }
}
