using ControlPlane.Replica;
using ControlPlane.Store.Commands;
using Grpc.Core;

namespace ControlPlane.Etcd.Errors;

/// <summary>Every refusal of the face. Clients compare code and text with those of etcd, so both are the protocol's.</summary>
internal static class EtcdErrors
{
    public static readonly Status EmptyKey = new(StatusCode.InvalidArgument, "etcdserver: key is not provided");
    public static readonly Status KeyNotFound = new(StatusCode.InvalidArgument, "etcdserver: key not found");
    public static readonly Status ValueProvided = new(StatusCode.InvalidArgument, "etcdserver: value is provided");
    public static readonly Status LeaseProvided = new(StatusCode.InvalidArgument, "etcdserver: lease is provided");
    public static readonly Status TooManyOperations = new(StatusCode.InvalidArgument, "etcdserver: too many operations in txn request");
    public static readonly Status DuplicateKey = new(StatusCode.InvalidArgument, "etcdserver: duplicate key given in txn request");
    public static readonly Status InvalidSortOption = new(StatusCode.InvalidArgument, "etcdserver: invalid sort option");
    public static readonly Status RequestTooLarge = new(StatusCode.InvalidArgument, "etcdserver: request is too large");
    public static readonly Status Compacted = new(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted");
    public static readonly Status FutureRevision = new(StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision");
    public static readonly Status NoSpace = new(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded");
    public static readonly Status TooManyRequests = new(StatusCode.ResourceExhausted, "etcdserver: too many requests");

    public static readonly Status LeaseNotFound = new(StatusCode.NotFound, "etcdserver: requested lease not found");
    public static readonly Status LeaseExists = new(StatusCode.FailedPrecondition, "etcdserver: lease already exists");
    public static readonly Status TimeToLiveTooLarge = new(StatusCode.OutOfRange, "etcdserver: too large lease TTL");

    public static readonly Status MemberNotFound = new(StatusCode.NotFound, "etcdserver: member not found");
    public static readonly Status PeerUrlExists = new(StatusCode.FailedPrecondition, "etcdserver: Peer URLs already exists");
    public static readonly Status BadPeerUrls = new(StatusCode.InvalidArgument, "etcdserver: given member URLs are invalid");
    public static readonly Status NotALearner = new(StatusCode.FailedPrecondition, "etcdserver: can only promote a learner member");
    public static readonly Status LearnerNotReady = new(StatusCode.FailedPrecondition, "etcdserver: can only promote a learner member which is in sync with leader");
    public static readonly Status TooManyLearners = new(StatusCode.FailedPrecondition, "etcdserver: too many learner members in cluster");
    public static readonly Status NotEnoughMembers = new(StatusCode.FailedPrecondition, "etcdserver: re-configuration failed due to not enough started members");
    public static readonly Status BadTransferee = new(StatusCode.FailedPrecondition, "etcdserver: bad leader transferee");
    public static readonly Status NotLeader = new(StatusCode.FailedPrecondition, "etcdserver: not leader");

    public static readonly Status NoLeader = new(StatusCode.Unavailable, "etcdserver: no leader");
    public static readonly Status Stopped = new(StatusCode.Unavailable, "etcdserver: server stopped");
    public static readonly Status TimedOut = new(StatusCode.Unavailable, "etcdserver: request timed out");
    public static readonly Status Unhealthy = new(StatusCode.Unavailable, "etcdserver: unhealthy cluster");
    public static readonly Status Corrupt = new(StatusCode.DataLoss, "etcdserver: corrupt cluster");
    public static readonly Status NothingToOperate = new(StatusCode.FailedPrecondition, "etcdserver: this store stands alone; it has no group to operate and no log to save");

    public static readonly Status AuthNotEnabled = new(StatusCode.FailedPrecondition, "etcdserver: authentication is not enabled");
    public static readonly Status NoUsers = new(StatusCode.Unimplemented, "etcdserver: this store keeps no users and roles; restrict who may connect with client certificates");
    public static readonly Status NoDowngrade = new(StatusCode.Unimplemented, "etcdserver: this store is not downgraded by etcd's call; see its own documentation of upgrades");

    /// <summary>The exception that ends a call with <paramref name="status"/>. The text stands in the status alone, as clients expect it.</summary>
    public static RpcException Of(Status status) => new(status, status.Detail);

    /// <summary>Why the store refused a command.</summary>
    public static RpcException Of(RefusedResult refused) => Of(refused.Refusal switch
    {
        Refusal.ChangedTwice => DuplicateKey,
        Refusal.NoSuchLease => LeaseNotFound,
        Refusal.NoSuchKey => KeyNotFound,
        Refusal.InTheFuture => FutureRevision,
        Refusal.NoSpace => NoSpace,
        Refusal.Corrupt => Corrupt,
        _ => new Status(StatusCode.InvalidArgument, $"etcdserver: {refused.Reason}"),
    });

    /// <summary>Why a change of the group was refused.</summary>
    public static RpcException Of(MembershipOutcome.Refused refused) => Of(refused.Problem switch
    {
        MembershipProblem.NoLeader => NoLeader,
        MembershipProblem.NoSuchMember => MemberNotFound,
        MembershipProblem.AddressInUse or MembershipProblem.NameInUse => PeerUrlExists,
        MembershipProblem.ChangeUnderWay => Unhealthy,
        MembershipProblem.LearnerNotReady => LearnerNotReady,
        MembershipProblem.NotALearner => NotALearner,
        MembershipProblem.TooManyLearners => TooManyLearners,
        MembershipProblem.WouldLoseQuorum => NotEnoughMembers,
        MembershipProblem.BadTransferee => BadTransferee,
        _ => new Status(StatusCode.FailedPrecondition, $"etcdserver: {refused.Reason}"),
    });
}
