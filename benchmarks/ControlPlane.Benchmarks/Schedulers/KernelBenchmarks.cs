using BenchmarkDotNet.Attributes;
using ControlPlane.Scheduler.Kernels;

namespace ControlPlane.Benchmarks.Schedulers;

/// <summary>One look of one pod at every node: three dimensions, every row eligible, half of them with room. Sketch: benchmarks/sketches.md.</summary>
[MemoryDiagnoser]
public class KernelBenchmarks
{
    private const int OperationCount = 100;
    private static readonly int[] Scale = [8, -12, 16];

    private readonly long[][] _free = new long[3][];
    private readonly long[][] _requests = new long[OperationCount][];
    private byte[] _eligible = [];

    [Params(10_000)]
    public int RowCount { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var chance = new Random(1);
        var length = BestFit.Padded(RowCount);
        _free[0] = Column(() => chance.Next(0, 64_000));
        _free[1] = Column(() => chance.NextInt64(0, 256L << 30));
        _free[2] = Column(() => chance.Next(0, 110));
        _eligible = new byte[length / 8];
        Array.Fill(_eligible, byte.MaxValue);
        for (var pod = 0; pod < OperationCount; pod++) _requests[pod] = [chance.Next(1, 40) * 500, chance.NextInt64(1, 80) << 30, 1];

        long[] Column(Func<long> value) => [.. Enumerable.Range(0, length).Select(_ => value())];
    }

    [Benchmark(OperationsPerInvoke = OperationCount, Baseline = true)]
    public long ChooseScalar()
    {
        var answer = 0L;
        foreach (var request in _requests) answer = answer * 31 + BestFitScalar.Choose(_free, request, Scale, _eligible, RowCount, false);
        return answer;
    }

    [Benchmark(OperationsPerInvoke = OperationCount)]
    public long ChooseVector()
    {
        var answer = 0L;
        foreach (var request in _requests) answer = answer * 31 + BestFitVector.Choose(_free, request, Scale, _eligible, RowCount, false);
        return answer;
    }
}
