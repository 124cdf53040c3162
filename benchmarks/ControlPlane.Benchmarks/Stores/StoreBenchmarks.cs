using System.Collections.Immutable;
using System.Text;
using BenchmarkDotNet.Attributes;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;

namespace ControlPlane.Benchmarks.Stores;

/// <summary>The state machine alone, with values of 256 bytes under keys like those of pods. Sketch: benchmarks/sketches.md.</summary>
[MemoryDiagnoser]
public class StoreBenchmarks
{
    private const int OperationCount = 1000;
    private const int BatchSize = 100;
    private const int PageSize = 500;

    private readonly byte[] _value = new byte[256];
    private StoreState _state = new();
    private ReadOnlyMemory<byte>[] _keys = [];
    private Random _random = new(1);

    [Params(10_000, 200_000)]
    public int KeyCount { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _state = new StoreState();
        _random = new Random(1);
        _keys = [.. Enumerable.Range(0, KeyCount).Select(index => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes($"/registry/pods/team-{index % 40:d2}/job-{index:d7}"))];
        foreach (var chunk in _keys.Chunk(1000)) _state.Apply(new Batch([.. chunk.Select(PutOf)]));
    }

    [Benchmark(OperationsPerInvoke = OperationCount)]
    public long Get()
    {
        var view = _state.View;
        long sum = 0;
        for (var count = 0; count < OperationCount; count++) sum += view.Get(AnyKey().Span)!.Modified.Value;
        return sum;
    }

    [Benchmark(OperationsPerInvoke = OperationCount)]
    public ulong Put()
    {
        for (var count = 0; count < OperationCount; count++) _state.Apply(PutOf(AnyKey()));
        return _state.View.StateHash;
    }

    [Benchmark(OperationsPerInvoke = OperationCount)]
    public ulong PutInBatches()
    {
        for (var count = 0; count < OperationCount; count += BatchSize)
        {
            var batch = ImmutableArray.CreateBuilder<Transaction>(BatchSize);
            for (var index = 0; index < BatchSize; index++) batch.Add(PutOf(AnyKey()));
            _state.Apply(new Batch(batch.MoveToImmutable()));
        }

        return _state.View.StateHash;
    }

    /// <summary>One page of a list.</summary>
    [Benchmark(OperationsPerInvoke = PageSize)]
    public long Range()
    {
        long sum = 0;
        foreach (var record in _state.View.Range(AnyKey(), null).Take(PageSize)) sum += record.Modified.Value;
        return sum;
    }

    [Benchmark]
    public long Count() => _state.View.Count(_keys[KeyCount / 3], _keys[KeyCount / 2]);

    /// <summary>A read in the past: up to 256 changes are repeated on the nearest kept tree.</summary>
    [Benchmark]
    public ulong ReadAt() => _state.View.At(new Revision(_state.View.Revision.Value - 1000))!.StateHash;

    [Benchmark(OperationsPerInvoke = OperationCount)]
    public int ReadChanges()
    {
        var view = _state.View;
        return ((ChangesOutcome.Read)view.ReadChanges(new Revision(view.Revision.Value - OperationCount), OperationCount)).Changes.Count;
    }

    private ReadOnlyMemory<byte> AnyKey() => _keys[_random.Next(_keys.Length)];

    private Transaction PutOf(ReadOnlyMemory<byte> key) => new([], [new Operation.Put(key, _value, LeaseId.None)], []);
}
