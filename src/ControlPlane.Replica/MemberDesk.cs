using System.Buffers.Binary;
using ControlPlane.Raft;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Replica;

/// <summary>Takes an operator's calls to a member in, and puts them before its loop. Any thread.</summary>
/// <param name="post">Hands an input to the loop; false when the member is stopping.</param>
internal sealed class MemberDesk(Func<TurnInput, CancellationToken, ValueTask<bool>> post, IReplicatedStore store, Guid clusterId)
{
    /// <summary>The cluster's id in the 63 bits that other programs' numbers have.</summary>
    public ulong ClusterId { get; } = BinaryPrimitives.ReadUInt64BigEndian(clusterId.ToByteArray(bigEndian: true)) >> 1;

    /// <exception cref="FormatException">The name or the address is not one.</exception>
    public Task<MembershipOutcome> AddLearnerAsync(string? name, string peerAddress, CancellationToken cancellationToken)
    {
        if (name is not null) PeerAddress.CheckName(name);
        PeerAddress.CheckReachable(peerAddress);
        return ChangeAsync(new MembershipRequest.AddLearner(name, peerAddress), cancellationToken);
    }

    public Task<MembershipOutcome> PromoteAsync(MemberId member, CancellationToken cancellationToken) =>
        ChangeAsync(new MembershipRequest.Promote(new ReplicaId(member.Value)), cancellationToken);

    public Task<MembershipOutcome> RemoveAsync(MemberId member, CancellationToken cancellationToken) =>
        ChangeAsync(new MembershipRequest.Remove(new ReplicaId(member.Value)), cancellationToken);

    /// <exception cref="FormatException">The address is not one.</exception>
    public Task<MembershipOutcome> UpdateAddressAsync(MemberId member, string peerAddress, CancellationToken cancellationToken)
    {
        PeerAddress.CheckReachable(peerAddress);
        return ChangeAsync(new MembershipRequest.UpdateAddress(new ReplicaId(member.Value), peerAddress), cancellationToken);
    }

    public Task<MembershipOutcome> MoveLeaderAsync(MemberId? target, CancellationToken cancellationToken) =>
        ChangeAsync(new MembershipRequest.MoveLeader(target is { } wanted ? new ReplicaId(wanted.Value) : null), cancellationToken);

    /// <exception cref="StoreUnavailableException">No majority confirmed in time who leads, or the member is stopping.</exception>
    public async Task WriteSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        // What is applied after a linearizable read includes every write acknowledged before.
        await store.ReadAsync(cancellationToken);
        var completion = new TaskCompletionSource<ReplicaImage?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!await post(new TurnInput.TakeImage(completion.SetResult), cancellationToken)) throw new StoreUnavailableException("the member is stopping");
        var image = await completion.Task.WaitAsync(cancellationToken) ?? throw new StoreUnavailableException("the member is stopping");
        await SnapshotArchive.WriteAsync(image, clusterId, destination, cancellationToken);
    }

    private async Task<MembershipOutcome> ChangeAsync(MembershipRequest request, CancellationToken cancellationToken)
    {
        var completion = new TaskCompletionSource<MembershipOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!await post(new TurnInput.ChangeMembers(request, completion.SetResult), cancellationToken))
        {
            return new MembershipOutcome.Refused(MembershipProblem.NoLeader, "the member is stopping");
        }

        return await completion.Task.WaitAsync(cancellationToken);
    }
}
