using System.Collections.Concurrent;
using ControlPlane.Benchmarks.Nemesis.Targets;
using ControlPlane.Benchmarks.Nemesis.Workloads;
using ControlPlane.Etcd.Protocol;
using Grpc.Core;

namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>The group as its operator sees it: who belongs to it, who leads, and the changes an operator makes.</summary>
internal sealed class Group : IDisposable
{
    private static readonly TimeSpan StatusPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ChangePatience = TimeSpan.FromSeconds(20);

    private readonly Members _members;
    private readonly Journal _journal;
    private readonly List<int> _belonging;
    private readonly Queue<int> _spare;

    public Group(Members members, Journal journal)
    {
        (_members, _journal) = (members, journal);
        Clients = [.. Enumerable.Range(0, members.Count).Select(member => new MemberClient(members.ClientUrl(member)))];
        _belonging = [.. Enumerable.Range(0, members.FirstCount)];
        _spare = new(Enumerable.Range(members.FirstCount, members.Count - members.FirstCount));
    }

    /// <summary>One for each member, spare ones included.</summary>
    public IReadOnlyList<MemberClient> Clients { get; }

    /// <summary>Who belongs to the group at the moment.</summary>
    public IReadOnlyList<int> Members
    {
        get
        {
            lock (_belonging) return [.. _belonging];
        }
    }

    public long CompactedRevision { get; private set; }

    /// <summary>What happened, with its time, as it is printed.</summary>
    public ConcurrentQueue<string> Story { get; } = [];

    public void Note(string line)
    {
        var text = $"{_journal.Now / 1e6,7:0.0} s  {line}";
        Story.Enqueue(text);
        Console.WriteLine(text);
    }

    /// <summary>Who most members say leads; null when nobody knows.</summary>
    public async Task<int?> LeaderAsync()
    {
        var answers = await StatusAsync();
        var said = answers.Where(answer => answer.Status.Leader != 0).GroupBy(answer => (answer.Status.RaftTerm, answer.Status.Leader)).MaxBy(answer => answer.Key.RaftTerm)?.Key.Leader;
        return said is null ? null : answers.Where(answer => answer.Status.Header.MemberId == said).Select(answer => (int?)answer.Member).FirstOrDefault();
    }

    public async Task<IReadOnlyList<(int Member, StatusResponse Status)>> StatusAsync()
    {
        var asked = Members.Where(_members.IsRunning).Select(async member => (member, Status: await Clients[member].StatusAsync(StatusPatience))).ToList();
        var answers = await Task.WhenAll(asked);
        return [.. answers.Where(answer => answer.Status is not null).Select(answer => (answer.member, answer.Status!))];
    }

    public async Task MoveLeaderAsync(int target, TimeSpan patience)
    {
        if (await LeaderAsync() is not { } leader || leader == target || await Clients[target].StatusAsync(StatusPatience) is not { } status) return;
        try
        {
            await Clients[leader].Maintenance.MoveLeaderAsync(new MoveLeaderRequest { TargetID = status.Header.MemberId }, deadline: DateTime.UtcNow + patience);
        }
        catch (RpcException refused)
        {
            Note($"move-leader: {refused.Status.StatusCode} {refused.Status.Detail}");
        }
    }

    public async Task CompactAsync(TimeSpan patience)
    {
        var newest = _journal.Acknowledged.IsEmpty ? 0 : _journal.Acknowledged.Last().Change.Revision;
        var revision = Math.Max(1, newest - 200);
        // Noted first: an answer that does not come may still have thrown history away.
        CompactedRevision = Math.Max(CompactedRevision, revision);
        foreach (var member in Members.Where(_members.IsRunning).Take(1)) await Clients[member].CompactAsync(revision, patience);
    }

    /// <summary>A spare member takes the place of <paramref name="member"/>: learner first, promoted when it has caught up, then the other one is removed.</summary>
    public async Task ReplaceAsync(int member)
    {
        if (!_spare.TryPeek(out var spare)) return;
        try
        {
            using var limit = new CancellationTokenSource(ChangePatience);
            var name = Layout.NameOf(spare);
            var added = await UntilAsync(client => client.MemberAddAsync(new MemberAddRequest { PeerURLs = { $"http://{_members.Layout.ProxyAddress(spare)}" }, IsLearner = true }), limit.Token);
            _spare.Dequeue();
            lock (_belonging) _belonging.Add(spare);
            _members.Start(spare, Members);
            Note($"{name} was added as a learner");
            await UntilAsync(client => client.MemberPromoteAsync(new MemberPromoteRequest { ID = added.Member.ID }), limit.Token);
            Note($"{name} was promoted");
            if (await Clients[member].StatusAsync(StatusPatience) is not { } status) return;
            lock (_belonging) _belonging.Remove(member);
            await UntilAsync(client => client.MemberRemoveAsync(new MemberRemoveRequest { ID = status.Header.MemberId }), limit.Token);
            Note($"{Layout.NameOf(member)} was removed");
            await _members.KillAsync(member);
        }
        catch (OperationCanceledException)
        {
            Note($"replacing {Layout.NameOf(member)} by {Layout.NameOf(spare)} did not end in {ChangePatience.TotalSeconds} s");
        }
    }

    public void Dispose()
    {
        foreach (var client in Clients) client.Dispose();
    }

    private async Task<T> UntilAsync<T>(Func<Cluster.ClusterClient, AsyncUnaryCall<T>> change, CancellationToken stop)
    {
        for (var attempt = 0; ; attempt++)
        {
            var asked = Members;
            try
            {
                return await change(Clients[asked[attempt % asked.Count]].Cluster).ResponseAsync.WaitAsync(TimeSpan.FromSeconds(3), stop);
            }
            catch (Exception failure) when (failure is RpcException or TimeoutException)
            {
                await Task.Delay(300, stop);
            }
        }
    }
}
