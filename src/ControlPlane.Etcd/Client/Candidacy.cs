using System.Security.Cryptography;
using System.Text;
using ControlPlane.Replica;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>One server's part in the election among those that share an etcd: whoever puts the key <c>leader</c> under its session leads while both last.</summary>
/// <remarks>The term is the revision that made the key, so that it rises with every leader. What the mirror shows decides, and the session's clock can only say no.</remarks>
internal sealed class Candidacy
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly EtcdEndpoints _endpoints;
    private readonly KeyLayout _layout;
    private readonly Mirror _mirror;
    private readonly EtcdStoreOptions _options;
    private readonly MemberId _self;
    private readonly Published<Leadership> _leadership;
    private volatile Session? _session;
    private Session? _lost;

    public Candidacy(EtcdEndpoints endpoints, KeyLayout layout, Mirror mirror, EtcdStoreOptions options)
    {
        (_endpoints, _layout, _mirror, _options) = (endpoints, layout, mirror, options);
        _self = options.Name is { } name ? IdOf(name) : default;
        _leadership = new Published<Leadership>(new Leadership(_self, null, Term: 0, IsReady: false));
    }

    /// <summary>Never says that this server leads once its session may be over, however late anybody notices.</summary>
    public Leadership Leadership => _leadership.Value is { IsLeader: true } leading && !IsCertain ? leading with { Leader = null, IsReady = false } : _leadership.Value;

    /// <summary>The servers that etcd knows to live, by name.</summary>
    public IReadOnlyList<MemberStatus> Members
    {
        get
        {
            var roster = _mirror.Roster.Value;
            return [.. roster.Servers.Select(server => new MemberStatus(
                IdOf(server.Key), server.Key, server.Value.Text, roster.Leader is { } leader && leader.Lease == server.Value.Lease ? MemberRole.Leader : MemberRole.Follower, MatchIndex: null))];
        }
    }

    private bool IsCertain => _session is { } session && session.Certain > TimeSpan.Zero;

    public ValueTask<Leadership> WaitForChangeAsync(Leadership seen, CancellationToken cancellationToken) =>
        _leadership.WaitAsync(leadership => leadership != seen, cancellationToken);

    /// <summary>Until cancelled; then the session is given back.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? trouble = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (_options.Name is { } name) await LiveAsync(name, () => trouble = null, cancellationToken);
                else await WatchAsync(cancellationToken);
            }
            catch (Exception ended) when (ended is OperationCanceledException or RpcException && cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (RpcException failed)
            {
                if (trouble != failed.Status.Detail) _options.Notice($"no session with etcd: {failed.Status.Detail}");
                trouble = failed.Status.Detail;
            }

            (_lost, _session) = (_session ?? _lost, null);
            Publish();
            await Task.Delay(RetryDelay, _options.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var session = _session ?? _lost;
        _session = null;
        Publish();
        if (session is not null) await session.CloseAsync();
    }

    private static MemberId IdOf(string name) => new(BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(name))) | 1);

    /// <summary>One session, from its grant to its loss.</summary>
    private async Task LiveAsync(string name, Action began, CancellationToken cancellationToken)
    {
        var session = await Session.OpenAsync(_endpoints, _options.TimeProvider, _options.SessionTimeToLive, cancellationToken);
        _session = session;
        // etcd may go on believing in the session that was lost, after a restart of its own even for its whole time again.
        if (_lost is not null) await _lost.CloseAsync();
        _lost = null;
        var isTold = false;
        while (session.Certain > TimeSpan.Zero)
        {
            var roster = _mirror.Roster.Value;
            Publish();
            var changed = _mirror.Roster.WaitAsync(next => !ReferenceEquals(next, roster), cancellationToken).AsTask();
            try
            {
                if (session.SinceRenewal > _options.SessionTimeToLive / 5 && !await session.TryRenewAsync(cancellationToken)) return;
                if (!roster.Servers.TryGetValue(name, out var entry)) await session.TryClaimAsync(_layout.Server(name), _options.Address, cancellationToken);
                else if (entry.Lease != session.Lease && !isTold)
                {
                    isTold = true;
                    _options.Notice($"etcd knows a server named {name} already; unless it was this one before a restart, give each server a name of its own");
                }

                // Only who is listed may lead: the list tells operators who does.
                if (roster.Leader is null && entry?.Lease == session.Lease) await session.TryClaimAsync(_layout.Leader, name, cancellationToken);
                began();
            }
            catch (RpcException) when (session.Certain > TimeSpan.Zero && !cancellationToken.IsCancellationRequested)
            {
                // Another try while there is time; a change of etcd's leader takes a second or two.
                await Task.Delay(RetryDelay, _options.TimeProvider, cancellationToken);
                continue;
            }

            await WhenAnyAsync(changed, Wait(session), cancellationToken);
        }

        _options.Notice("etcd did not answer for so long that it may take this server for dead");
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var roster = _mirror.Roster.Value;
            Publish();
            await _mirror.Roster.WaitAsync(next => !ReferenceEquals(next, roster), cancellationToken);
        }
    }

    private TimeSpan Wait(Session session)
    {
        var untilRenewal = _options.SessionTimeToLive / 5 - session.SinceRenewal;
        var wait = untilRenewal < session.Certain ? untilRenewal : session.Certain;
        return wait > TimeSpan.FromMilliseconds(10) ? wait : TimeSpan.FromMilliseconds(10);
    }

    private async Task WhenAnyAsync(Task changed, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(changed, Task.Delay(limit, _options.TimeProvider, timer.Token));
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Publish()
    {
        var leader = _mirror.Roster.Value.Leader;
        var isSelf = leader is not null && leader.Lease == _session?.Lease;
        // A key of ours under another session is what a former life of this server left behind; it leads nothing.
        var id = leader is null || (!isSelf && IdOf(leader.Text) == _self) || (isSelf && !IsCertain) ? (MemberId?)null : IdOf(leader.Text);
        var leadership = new Leadership(_self, id, Math.Max(_leadership.Value.Term, leader?.Created.Value ?? 0), IsReady: isSelf && IsCertain);
        if (leadership != _leadership.Value) _leadership.Publish(leadership);
    }
}
