using ControlPlane.Etcd.Protocol;
using Grpc.Core;
using static ControlPlane.Tests.Etcd.Face;

namespace ControlPlane.Tests.Etcd.Services;

/// <summary>Leases, members, maintenance and users.</summary>
public sealed class OtherServicesTests : IAsyncLifetime
{
    private Face _face = null!;

    public async ValueTask InitializeAsync() => _face = await StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task A_lease_is_granted_lists_its_keys_and_takes_them_along()
    {
        var granted = await _face.Leases.LeaseGrantAsync(new LeaseGrantRequest { ID = 77, TTL = 1 });
        Assert.Equal((77, 2), (granted.ID, granted.TTL)); // Raised to what an election needs.
        await _face.PutAsync("b", "1", lease: 77);
        await _face.PutAsync("a", "2", lease: 77);

        var left = await _face.Leases.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = 77, Keys = true });
        Assert.Equal((2, 2, "a b"), (left.TTL, left.GrantedTTL, string.Join(' ', left.Keys.Select(key => key.ToStringUtf8()))));
        Assert.Equal([77], (await _face.Leases.LeaseLeasesAsync(new LeaseLeasesRequest())).Leases.Select(lease => lease.ID));

        Assert.Equal(3, (await _face.Leases.LeaseRevokeAsync(new LeaseRevokeRequest { ID = 77 })).Header.Revision);
        Assert.Empty((await _face.Keys.RangeAsync(From("a"))).Kvs);
        Assert.Equal(-1, (await _face.Leases.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = 77 })).TTL);
    }

    [Fact]
    public async Task Leases_are_refused_as_etcd_refuses_them()
    {
        await _face.Leases.LeaseGrantAsync(new LeaseGrantRequest { ID = 1, TTL = 10 });
        await RefusedAsync(StatusCode.FailedPrecondition, "etcdserver: lease already exists", async () => await _face.Leases.LeaseGrantAsync(new LeaseGrantRequest { ID = 1, TTL = 10 }));
        await RefusedAsync(StatusCode.OutOfRange, "etcdserver: too large lease TTL", async () => await _face.Leases.LeaseGrantAsync(new LeaseGrantRequest { TTL = 9_000_000_001 }));
        await RefusedAsync(StatusCode.NotFound, "etcdserver: requested lease not found", async () => await _face.Leases.LeaseRevokeAsync(new LeaseRevokeRequest { ID = 2 }));
    }

    [Fact]
    public async Task Every_renewal_on_a_stream_is_answered_in_order_and_an_unknown_lease_with_zero()
    {
        await _face.Leases.LeaseGrantAsync(new LeaseGrantRequest { ID = 5, TTL = 30 });
        using var call = _face.Leases.LeaseKeepAlive();
        foreach (var id in new long[] { 5, 6, 5 }) await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = id });
        await call.RequestStream.CompleteAsync();
        var answers = new List<(long, long)>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync()) answers.Add((answer.ID, answer.TTL));
        Assert.Equal([(5, 30), (6, 0), (5, 30)], answers);
    }

    [Fact]
    public async Task Many_renewals_at_once_are_all_answered()
    {
        for (var id = 1; id <= 50; id++) await _face.Leases.LeaseGrantAsync(new LeaseGrantRequest { ID = id, TTL = 30 + id });
        var answers = await Task.WhenAll(Enumerable.Range(1, 50).Select(async id =>
        {
            using var call = _face.Leases.LeaseKeepAlive();
            await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = id });
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            return call.ResponseStream.Current.TTL - id;
        }));
        Assert.All(answers, seconds => Assert.Equal(30, seconds));
    }

    [Fact]
    public async Task The_member_tells_who_it_is_how_it_stands_and_a_hash_of_what_it_holds()
    {
        await _face.PutAsync("a", "1");
        await _face.PutAsync("a", "2");
        var members = await _face.Cluster.MemberListAsync(new MemberListRequest { Linearizable = true });
        Assert.Equal(_face.Url.GetLeftPart(UriPartial.Authority), members.Members.Single().ClientURLs.Single());
        var status = await _face.Maintenance.StatusAsync(new StatusRequest());
        Assert.Equal((members.Members[0].ID, 2), (status.Leader, status.Header.Revision));

        var first = await _face.Maintenance.HashKVAsync(new HashKVRequest { Revision = 1 });
        var newest = await _face.Maintenance.HashKVAsync(new HashKVRequest());
        Assert.Equal((1, 2), (first.HashRevision, newest.HashRevision));
        Assert.NotEqual(first.Hash, newest.Hash);
        Assert.Equal(newest.Hash, (await _face.Maintenance.HashAsync(new HashRequest())).Hash);
        await _face.Maintenance.DefragmentAsync(new DefragmentRequest());
    }

    [Fact]
    public async Task An_alarm_can_be_raised_listed_and_disarmed()
    {
        var raised = new AlarmMember { MemberID = 1, Alarm = AlarmType.Nospace };
        await _face.Maintenance.AlarmAsync(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 1, Alarm = AlarmType.Nospace });
        Assert.Equal([raised], (await _face.Maintenance.AlarmAsync(new AlarmRequest())).Alarms);
        Assert.Single((await _face.Maintenance.StatusAsync(new StatusRequest())).Errors);
        Assert.Equal([raised], (await _face.Maintenance.AlarmAsync(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Deactivate })).Alarms);
        Assert.Empty((await _face.Maintenance.AlarmAsync(new AlarmRequest())).Alarms);
    }

    [Fact]
    public async Task Users_do_not_exist_and_that_is_said()
    {
        Assert.False((await _face.Auth.AuthStatusAsync(new AuthStatusRequest())).Enabled);
        await RefusedAsync(StatusCode.FailedPrecondition, "etcdserver: authentication is not enabled", async () => await _face.Auth.AuthenticateAsync(new AuthenticateRequest { Name = "root" }));
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(async () => await _face.Auth.AuthEnableAsync(new AuthEnableRequest()))).StatusCode);
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(async () => await _face.Maintenance.DowngradeAsync(new DowngradeRequest()))).StatusCode);
        Assert.Empty((await _face.Auth.UserListAsync(new AuthUserListRequest())).Users);
    }

    [Fact]
    public async Task A_store_that_stands_alone_has_nothing_to_operate()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await _face.Cluster.MemberAddAsync(new MemberAddRequest { PeerURLs = { "http://127.0.0.1:7" } }));
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
    }
}
