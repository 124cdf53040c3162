using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using ControlPlane.Scheduler.Columns;
using ControlPlane.Scheduler.Constraints;
using ControlPlane.Scheduler.Rounds;

namespace ControlPlane.Benchmarks.Schedulers;

/// <summary>A whole round: 30,000 pods on 10,000 nodes. Nodes of three sizes, pods of 16 classes, one in four with a node selector. What was placed
/// is given back afterwards, so that every call begins with empty nodes. Sketch: benchmarks/sketches.md.</summary>
[MemoryDiagnoser]
public class RoundBenchmarks
{
    private const int NodeCount = 10_000;
    private const int PodCount = 30_000;
    private const int ClassCount = 16;

    private readonly int[] _placements = new int[PodCount];
    private NodeTable _table = new();
    private PodClass[] _jobs = [];
    private PodClass[] _mixed = [];

    [GlobalSetup]
    public void Setup()
    {
        var chance = new Random(1);
        _table = new NodeTable();
        var (cpu, memory, pods) = (_table.ResourceId("cpu"), _table.ResourceId("memory"), _table.ResourceId("pods"));
        for (var node = 0; node < NodeCount; node++)
        {
            var size = 1 << (node % 3);
            var labels = ImmutableDictionary<string, string>.Empty.Add("zone", $"{node % 4}");
            _table.Set(new NodeFacts($"node-{node:d5}", labels, [], false), [new(cpu, 8000 * size), new(memory, (32L << 30) * size), new(pods, 110)]);
        }

        var classes = Enumerable.Range(0, ClassCount).Select(index => new PodClass(
            [new(cpu, 250 * (1 + index)), new(memory, (1L + index % 5) << 30), new(pods, 1)],
            index % 4 == 0 ? new PlacementConstraints { NodeSelector = [new("zone", $"{index / 4}")] } : PlacementConstraints.None,
            isSpreading: false)).ToArray();
        _mixed = [.. Enumerable.Range(0, PodCount).Select(_ => classes[chance.Next(ClassCount)])];
        _jobs = [.. _mixed.OrderBy(wanted => Array.IndexOf(classes, wanted))];
    }

    /// <summary>Pods of one job arrive one after the other: runs of one class.</summary>
    [Benchmark]
    public long PlaceJobs() => Place(_jobs);

    /// <summary>The worst order: neighbours in the queue are of different classes, so that every pod looks at every node.</summary>
    [Benchmark]
    public long PlaceMixed() => Place(_mixed);

    private long Place(PodClass[] pods)
    {
        Round.Place(_table, pods, _placements);
        var answer = 0L;
        for (var pod = 0; pod < pods.Length; pod++)
        {
            answer = answer * 31 + _placements[pod];
            if (_placements[pod] >= 0) _table.Give(_placements[pod], pods[pod].Requests);
        }

        return answer;
    }
}
