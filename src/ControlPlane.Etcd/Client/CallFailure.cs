using ControlPlane.Store.Commands;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>What it means that a call to etcd failed.</summary>
internal abstract record CallFailure(string Reason)
{
    /// <summary>etcd has not carried it out and will not: it was not reached, or it has no leader to give it to. Another member may take it.</summary>
    public sealed record NotTaken(string Reason) : CallFailure(Reason);

    /// <summary>etcd has not carried it out and would not elsewhere. <paramref name="Refusal"/> is null when the refusal is not about the command's content.</summary>
    public sealed record Refused(Refusal? Refusal, string Reason) : CallFailure(Reason);

    /// <summary>It may or may not be carried out.</summary>
    public sealed record Unknown(string Reason) : CallFailure(Reason);

    public static CallFailure Of(RpcException failed)
    {
        var text = failed.Status.Detail;
        return failed.StatusCode switch
        {
            StatusCode.NotFound when text.Contains("lease not found") => new Refused(Store.Commands.Refusal.NoSuchLease, text),
            StatusCode.InvalidArgument when text.Contains("duplicate key") => new Refused(Store.Commands.Refusal.ChangedTwice, text),
            StatusCode.InvalidArgument when text.Contains("key not found") => new Refused(Store.Commands.Refusal.NoSuchKey, text),
            StatusCode.OutOfRange when text.Contains("future revision") => new Refused(Store.Commands.Refusal.InTheFuture, text),
            StatusCode.InvalidArgument when text.Contains("too many operations") =>
                new Refused(null, $"{text}: start etcd with a larger --max-txn-ops, or split the transaction"),
            StatusCode.InvalidArgument when text.Contains("too large") =>
                new Refused(null, $"{text}: start etcd with a larger --max-request-bytes, or make the object smaller"),
            // etcd answers so before it proposes, but also after it has carried out the write that crossed the quota.
            StatusCode.ResourceExhausted when text.Contains("space exceeded") =>
                new Unknown($"{text}: compact and defragment etcd, or raise its --quota-backend-bytes, then `etcdctl alarm disarm`"),
            StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.OutOfRange or StatusCode.FailedPrecondition or StatusCode.AlreadyExists or StatusCode.ResourceExhausted
                or StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unimplemented => new Refused(null, text),
            StatusCode.Unknown when text.Contains("proposal dropped") => new NotTaken(text),
            StatusCode.Unavailable when text.Contains("etcdserver: no leader") => new NotTaken(text),
            StatusCode.Unavailable when IsConnecting(failed.Status) => new NotTaken($"etcd was not reached: {RootOf(failed).Message}"),
            _ => new Unknown(text),
        };
    }

    /// <summary>Whether another member of etcd should be asked next.</summary>
    public static bool IsOfTheMember(RpcException failed) =>
        failed.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal or StatusCode.Unknown or StatusCode.DataLoss;

    // The client's own words for "before anything was sent".
    private static bool IsConnecting(Status status) =>
        status.Detail.StartsWith("Error connecting to subchannel", StringComparison.Ordinal)
        || status.DebugException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError };

    private static Exception RootOf(RpcException failed)
    {
        Exception root = failed;
        if (failed.Status.DebugException is { } cause) root = cause;
        while (root.InnerException is { } inner) root = inner;
        return root;
    }
}
