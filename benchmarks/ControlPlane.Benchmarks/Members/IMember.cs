namespace ControlPlane.Benchmarks.Members;

/// <summary>A store inside this process that a load can be put on.</summary>
internal interface IMember : IAsyncDisposable
{
    bool IsLeader { get; }

    /// <summary>Completes when the put is acknowledged: durable on a majority and applied here.</summary>
    ValueTask PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value);

    /// <summary>A linearizable read of one key.</summary>
    ValueTask GetAsync(ReadOnlyMemory<byte> key);
}
