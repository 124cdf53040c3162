using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Hosting;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Replica;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>etcd's <c>Cluster</c>: the members of the group, and changes of it.</summary>
/// <remarks>A member joins as a learner whatever the client asks: a voter that has not started yet would weaken the group. It is promoted when its log has
/// caught up, by <c>MemberPromote</c> or by whoever operates the group.</remarks>
internal sealed class ClusterService(ServedStore store, ClientUrls clientUrls) : Cluster.ClusterBase
{
    public override async Task<MemberListResponse> MemberList(MemberListRequest request, ServerCallContext context)
    {
        if (request.Linearizable) await store.ReadAsync(isSerializable: false);
        var response = new MemberListResponse { Header = store.Header() };
        response.Members.AddRange(Members());
        return response;
    }

    public override async Task<MemberAddResponse> MemberAdd(MemberAddRequest request, ServerCallContext context)
    {
        var added = await DoneAsync(store.Operations.AddLearnerAsync(null, PeerAddress(request.PeerURLs), CancellationToken.None));
        var response = new MemberAddResponse { Header = store.Header(), Member = Of(added) };
        response.Members.AddRange(Members());
        return response;
    }

    public override async Task<MemberRemoveResponse> MemberRemove(MemberRemoveRequest request, ServerCallContext context)
    {
        var removed = await DoneAsync(store.Operations.RemoveAsync(new MemberId(request.ID), CancellationToken.None));
        var response = new MemberRemoveResponse { Header = store.Header() };
        response.Members.AddRange(Members().Where(member => member.ID != removed.Id.Value));
        return response;
    }

    public override async Task<MemberUpdateResponse> MemberUpdate(MemberUpdateRequest request, ServerCallContext context)
    {
        await DoneAsync(store.Operations.UpdateAddressAsync(new MemberId(request.ID), PeerAddress(request.PeerURLs), CancellationToken.None));
        var response = new MemberUpdateResponse { Header = store.Header() };
        response.Members.AddRange(Members());
        return response;
    }

    public override async Task<MemberPromoteResponse> MemberPromote(MemberPromoteRequest request, ServerCallContext context)
    {
        await DoneAsync(store.Operations.PromoteAsync(new MemberId(request.ID), CancellationToken.None));
        var response = new MemberPromoteResponse { Header = store.Header() };
        response.Members.AddRange(Members());
        return response;
    }

    /// <exception cref="RpcException">It was refused, or its end is not known.</exception>
    public static async Task<MemberStatus> DoneAsync(Task<MembershipOutcome> changing) => await changing switch
    {
        MembershipOutcome.Done done => done.Member,
        MembershipOutcome.Refused refused => throw EtcdErrors.Of(refused),
        MembershipOutcome.Unknown => throw EtcdErrors.Of(EtcdErrors.TimedOut),
        var other => throw new InvariantViolationException($"a change of the group ended as {other}"),
    };

    private IEnumerable<Member> Members() => store.Store.Members.Select(Of);

    private Member Of(MemberStatus status)
    {
        var member = new Member { ID = status.Id.Value, Name = status.Name ?? "", IsLearner = status.Role == MemberRole.Learner };
        member.PeerURLs.Add($"{clientUrls.PeerScheme}://{status.PeerAddress}");
        member.ClientURLs.AddRange(clientUrls.Of(status.Id));
        return member;
    }

    /// <summary>The members' own protocol is not HTTP, but etcd's clients insist on a URL: its host and port are what counts.</summary>
    private static string PeerAddress(RepeatedField<string> urls)
    {
        if (urls.Count == 1 && Uri.TryCreate(urls[0], UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", AbsolutePath: "/", Host.Length: > 0 } && !url.IsDefaultPort) return url.Authority;
        throw EtcdErrors.Of(EtcdErrors.BadPeerUrls);
    }
}
