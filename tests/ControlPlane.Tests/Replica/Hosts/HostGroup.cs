using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Replica.Hosts;

/// <summary>Members on loopback in one process, with their data in a folder that is removed at the end.</summary>
internal sealed class HostGroup : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("replica-").FullName;
    private readonly List<ReplicaHost?> _hosts = [];
    private readonly List<PeerAddress> _members;
    private readonly List<PeerAddress> _initial;
    private readonly Func<ReplicaOptions, ReplicaOptions> _configure;
    private readonly List<string> _notices = [];

    private HostGroup(int count, Func<ReplicaOptions, ReplicaOptions>? configure)
    {
        _members = [.. FreePorts(count).Select((port, index) => new PeerAddress($"s{index}", $"127.0.0.1:{port}"))];
        _initial = [.. _members];
        for (var index = 0; index < count; index++) _hosts.Add(null);
        _configure = configure ?? (options => options);
    }

    public ReplicaHost this[int index] => _hosts[index] ?? throw new InvalidOperationException($"s{index} is down");

    public IReadOnlyList<string> Notices
    {
        get
        {
            lock (_notices) return [.. _notices];
        }
    }

    public string DataDirectory(int index) => Path.Combine(_folder, $"s{index}");

    public static async Task<HostGroup> StartAsync(int count, Func<ReplicaOptions, ReplicaOptions>? configure = null)
    {
        var group = new HostGroup(count, configure);
        for (var index = 0; index < count; index++) await group.StartAsync(index);
        return group;
    }

    public async Task StartAsync(int index) => _hosts[index] = await ReplicaHost.OpenAsync(Options(index), CancellationToken.None);

    public ReplicaOptions Options(int index) => _configure(new ReplicaOptions
    {
        Name = $"s{index}",
        DataDirectory = DataDirectory(index),
        InitialCluster = index < _initial.Count ? _initial : [],
        Join = index < _initial.Count ? [] : _initial,
        JoinTimeout = TimeSpan.FromSeconds(2),
        PeerListen = _members[index].Address,
        // Half the usual, so that tests of elections are short; still far above a turn.
        Tick = TimeSpan.FromMilliseconds(25),
        Notice = line =>
        {
            lock (_notices) _notices.Add($"s{index}: {line}");
        },
        Fatal = exception =>
        {
            lock (_notices) _notices.Add($"s{index}: fatal: {exception}");
        },
    });

    /// <summary>Room for one member more; it is added by its name and address, and then started.</summary>
    public PeerAddress Reserve()
    {
        _members.Add(new PeerAddress($"s{_members.Count}", $"127.0.0.1:{FreePorts(1)[0]}"));
        _hosts.Add(null);
        return _members[^1];
    }

    /// <summary>A stopped member listens elsewhere from its next start on; the others do not know.</summary>
    public string Move(int index)
    {
        _members[index] = _members[index] with { Address = $"127.0.0.1:{FreePorts(1)[0]}" };
        return _members[index].Address;
    }

    /// <summary>Takes a stopped member's data away.</summary>
    public void Wipe(int index) => Directory.Delete(DataDirectory(index), recursive: true);

    public MemberStatus Member(int index, int asSeenBy = 0) => this[asSeenBy].Members.Single(member => member.Name == $"s{index}");

    /// <summary>Adds, starts and promotes one more member; returns its index.</summary>
    public async Task<int> GrowAsync(int asked = 0)
    {
        var (name, address) = Reserve();
        var index = _members.Count - 1;
        Assert.IsType<MembershipOutcome.Done>(await this[asked].AddLearnerAsync(name, address, CancellationToken.None));
        await StartAsync(index);
        await PromoteWhenReadyAsync(asked, index);
        return index;
    }

    /// <summary>Promotes a learner as soon as the leader does not say any more that it is not ready.</summary>
    public async Task PromoteWhenReadyAsync(int asked, int index)
    {
        var id = Member(index, asked).Id;
        MembershipOutcome outcome = new MembershipOutcome.Unknown("not asked");
        await UntilAsync($"s{index} to be promoted ({outcome})", () =>
        {
            outcome = this[asked].PromoteAsync(id, CancellationToken.None).GetAwaiter().GetResult();
            return outcome is not MembershipOutcome.Refused { Problem: MembershipProblem.LearnerNotReady };
        });
        Assert.True(outcome is MembershipOutcome.Done, outcome.ToString());
    }

    public async Task StopAsync(int index)
    {
        await this[index].DisposeAsync();
        _hosts[index] = null;
    }

    /// <summary>The index of a leader that all running members agree on.</summary>
    public async Task<int> LeaderAsync()
    {
        var leader = -1;
        await UntilAsync("a leader that all know", () =>
        {
            var known = _hosts.Where(host => host is not null).Select(host => host!.Leadership.Leader).Distinct().ToList();
            leader = known is [{ } id] ? _hosts.FindIndex(host => host?.Leadership is { IsReady: true } leadership && leadership.Self == id) : -1;
            return leader >= 0;
        });
        return leader;
    }

    public async Task UntilAsync(string what, Func<bool> isReached)
    {
        var clock = Stopwatch.StartNew();
        while (!isReached())
        {
            if (clock.Elapsed > Deadline) throw new TimeoutException($"waited for {what}:\n{Dump()}");
            await Task.Yield();
            await Task.WhenAny(_hosts.Where(host => host is not null).Select(host => host!.WaitForChangeAsync(host.Latest.Revision, TimeLimit()).AsTask()));
        }
    }

    public async Task<ProposalOutcome> PutAsync(int index, string key, string value) =>
        await this[index].ProposeAsync(new Transaction([], [new Operation.Put(Bytes(key), Bytes(value), LeaseId.None)], []), CancellationToken.None);

    public async Task PutCommittedAsync(int index, string key, string value) =>
        Assert.IsType<ProposalOutcome.Committed>(await PutAsync(index, key, value));

    public static string? Value(StoreView view, string key) => view.Get(Bytes(key)) is { } record ? Encoding.UTF8.GetString(record.Value.Span) : null;

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            if (host is not null) await host.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    // Wakes the waiting loop now and then: leadership changes without a change of the store.
    private static CancellationToken TimeLimit() => new CancellationTokenSource(TimeSpan.FromMilliseconds(5)).Token;

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(listener => listener.Stop());
        return ports;
    }

    private string Dump() => string.Join('\n', _hosts.Select((host, index) =>
        host is null ? $"s{index}: down" : $"s{index}: {host.Leadership}, revision {host.Latest.Revision}").Concat(Notices));
}
