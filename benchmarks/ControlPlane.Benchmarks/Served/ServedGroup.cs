using System.Diagnostics;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Harness;
using Grpc.Core;

namespace ControlPlane.Benchmarks.Served;

/// <summary>Real server processes that form one group and are reached through etcd's protocol.</summary>
internal sealed class ServedGroup : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ServedStore _store;
    private readonly ServedLayout _layout;
    private readonly BinaryProcess?[] _members;

    private ServedGroup(ServedStore store, ServedLayout layout)
    {
        (_store, _layout) = (store, layout);
        _members = new BinaryProcess?[layout.MemberCount];
        Clients = [.. Enumerable.Range(0, layout.MemberCount).Select(member => new ServedClient(layout.ClientUrl(member)))];
    }

    /// <summary>One a member; each holds its own connections.</summary>
    public IReadOnlyList<ServedClient> Clients { get; }

    public static async Task<ServedGroup> StartAsync(ServedStore store, int memberCount, Scratch scratch)
    {
        var group = new ServedGroup(store, ServedLayout.Create(scratch, memberCount));
        await store.Prepare(group._layout);
        for (var member = 0; member < memberCount; member++) group.Start(member);
        await group.LeaderAsync();
        return group;
    }

    public void Start(int member) => _members[member] = BinaryProcess.Start(_store.Program, _layout.Scratch.Folder, null, _store.Arguments(_layout, member));

    public BinaryProcess Member(int member) => _members[member] ?? throw new InvalidOperationException($"member {member} does not run");

    public Uri Address(int member) => new(_layout.ClientUrl(member));

    /// <summary>Waits until every running member answers a linearizable read and one of them leads.</summary>
    public async Task<int> LeaderAsync()
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Patience)
        {
            try
            {
                var leader = -1;
                for (var member = 0; member < _members.Length; member++)
                {
                    if (_members[member] is null) continue;
                    await Clients[member].Keys.RangeAsync(ServedClient.KeyOf("/none"), deadline: DateTime.UtcNow.AddSeconds(2));
                    var status = await Clients[member].Maintenance.StatusAsync(new StatusRequest(), deadline: DateTime.UtcNow.AddSeconds(2));
                    if (status.Leader == status.Header.MemberId) leader = member;
                }

                if (leader >= 0) return leader;
            }
            catch (RpcException)
            {
                // Not up yet; the deadline decides.
                await Task.Delay(10);
            }
        }

        throw new TimeoutException($"{_store.Name} has no leader; it said:\n{string.Join('\n', _members.OfType<BinaryProcess>().Select(member => member.Output))}");
    }

    public TimeSpan ProcessorTime() => _members.OfType<BinaryProcess>().Aggregate(TimeSpan.Zero, (sum, member) => sum + member.ProcessorTime());

    /// <summary>Of the largest member.</summary>
    public double ResidentMebibytes() => _members.OfType<BinaryProcess>().Max(member => member.ResidentBytes()) / 1048576.0;

    public async Task KillAsync(int member)
    {
        Member(member).KillHard();
        await Member(member).WaitForExitAsync(Patience);
        _members[member] = null;
    }

    public async Task TerminateAsync(int member)
    {
        await Member(member).DisposeAsync();
        _members[member] = null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in Clients) client.Dispose();
        await Task.WhenAll(_members.OfType<BinaryProcess>().Select(member => member.DisposeAsync().AsTask()));
    }
}
