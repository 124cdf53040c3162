using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Benchmarks.Members;

/// <summary>Our replica, called in process.</summary>
internal sealed class ReplicaMember : IMember
{
    private readonly ReplicaHost _host;

    private ReplicaMember(ReplicaHost host) => _host = host;

    public IReplicatedStore Store => _host;

    public bool IsLeader => _host.Leadership is { IsLeader: true, IsReady: true };

    public static async Task<ReplicaMember> StartAsync(int self, int[] ports, string folder) => new(await ReplicaHost.OpenAsync(
        new ReplicaOptions
        {
            Name = $"s{self}",
            DataDirectory = folder,
            InitialCluster = [.. ports.Select((port, index) => new PeerAddress($"s{index}", $"127.0.0.1:{port}"))],
            Notice = line => Console.Error.WriteLine(line),
        },
        CancellationToken.None));

    public async ValueTask PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        var outcome = await _host.ProposeAsync(new Transaction([], [new Operation.Put(key, value, LeaseId.None)], []), CancellationToken.None);
        if (outcome is not ProposalOutcome.Committed { Result: TransactionResult { Succeeded: true } }) throw new InvalidOperationException($"the put ended as {outcome}");
    }

    public async ValueTask GetAsync(ReadOnlyMemory<byte> key)
    {
        var view = await _host.ReadAsync(CancellationToken.None);
        view.Get(key.Span);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
