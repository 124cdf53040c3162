using System.Collections.Immutable;
using ControlPlane.Scheduler.Columns;
using ControlPlane.Scheduler.Constraints;
using ControlPlane.Scheduler.Kernels;
using ControlPlane.Scheduler.Rounds;

namespace ControlPlane.Tests.Scheduler.Rounds;

public sealed class RoundTests
{
    private const int Cpu = 0;
    private const int Memory = 1;
    private const int Pods = 2;

    [Fact]
    public void A_round_places_as_if_every_pod_looked_at_every_node()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var chance = new Random(seed);
            var (fast, slow) = (Table(chance, 40), Table(new Random(seed), 40));
            var classes = Enumerable.Range(0, 6).Select(_ => Class(chance.Next(0, 5) * 100, chance.Next(0, 3), chance.Next(5) == 0)).ToArray();
            var pods = Enumerable.Range(0, 300).Select(_ => classes[chance.Next(classes.Length)]).ToArray();
            var placements = new int[pods.Length];
            Round.Place(fast, pods, placements);
            // One pod a round: no memory of the last row, no memory of what was hopeless.
            for (var pod = 0; pod < pods.Length; pod++)
            {
                var alone = new int[1];
                Round.Place(slow, [pods[pod]], alone);
                Assert.Equal(alone[0], placements[pod]);
            }
        }
    }

    [Fact]
    public void No_node_is_ever_filled_beyond_what_it_has()
    {
        var table = Table(new Random(3), 25);
        var pods = Enumerable.Repeat(Class(300, 1, false), 1000).ToArray();
        var placements = new int[pods.Length];
        Round.Place(table, pods, placements);
        Assert.Contains(BestFit.None, placements);
        for (var row = 0; row < table.RowCount; row++)
        {
            for (var resource = 0; resource < table.ResourceCount; resource++) Assert.True(table.FreeOf(row, resource) >= 0);
        }
    }

    [Fact]
    public void Constraints_follow_the_nodes_as_their_labels_and_taints_change()
    {
        var table = new NodeTable();
        table.Set(Node("a"), Capacity(1000, 10, 10));
        var picky = new PodClass([new(Cpu, 100), new(Pods, 1)], new PlacementConstraints { NodeSelector = [new("disk", "ssd")] }, false);
        Assert.Equal(BestFit.None, PlaceOne(table, picky));
        Assert.Equal("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", Explanation.Of(table, picky).ToString());

        table.Set(Node("a", labels: [new("disk", "ssd")]), Capacity(1000, 10, 10));
        Assert.Equal(0, PlaceOne(table, picky));

        table.Set(Node("a", labels: [new("disk", "ssd")], taints: [new Taint("k", "v", TaintEffect.NoSchedule)]), Capacity(1000, 10, 10));
        Assert.Equal(BestFit.None, PlaceOne(table, picky));
        Assert.Equal("0/1 nodes are available: 1 node(s) had untolerated taint {k: v}.", Explanation.Of(table, picky).ToString());
    }

    [Fact]
    public void A_pod_that_asks_for_no_cpu_fits_on_a_node_that_is_overcommitted()
    {
        var table = new NodeTable();
        var row = table.Set(Node("a"), Capacity(1000, 10, 10));
        table.Take(row, [new(Cpu, 1500)]);
        Assert.Equal(BestFit.None, PlaceOne(table, Class(100, 0, false)));
        Assert.Equal("0/1 nodes are available: 1 Insufficient cpu.", Explanation.Of(table, Class(100, 0, false)).ToString());
        Assert.Equal(row, PlaceOne(table, Class(0, 0, false)));
    }

    [Fact]
    public void A_removed_node_is_never_chosen_and_its_row_is_used_again()
    {
        var table = new NodeTable();
        table.Set(Node("a"), Capacity(1000, 10, 10));
        table.Set(Node("b"), Capacity(1000, 10, 10));
        var any = Class(100, 0, false);
        table.Remove("a");
        Assert.Equal(1, PlaceOne(table, any));
        Assert.Equal(0, table.Set(Node("c"), Capacity(100, 10, 10)));
        Assert.Equal(0, PlaceOne(table, any));
        Assert.Equal(BestFit.None, table.RowOf("a"));
    }

    [Fact]
    public void A_node_that_prefers_to_be_spared_is_taken_only_when_no_other_has_room()
    {
        var table = new NodeTable();
        table.Set(Node("spared", taints: [new Taint("k", "v", TaintEffect.PreferNoSchedule)]), Capacity(100, 10, 10));
        table.Set(Node("other"), Capacity(1000, 10, 2));
        var plain = Class(100, 0, false);
        var indifferent = new PodClass([new(Cpu, 100), new(Pods, 1)], new PlacementConstraints { Tolerations = [new("k", true, "", null)] }, false);
        // Best fit alone would take the small node first.
        Assert.Equal(1, PlaceOne(table, plain));
        Assert.Equal(0, PlaceOne(table, indifferent));
        table.Set(Node("spared", taints: [new Taint("k", "v", TaintEffect.PreferNoSchedule)]), Capacity(300, 10, 10));
        var placements = new int[4];
        Round.Place(table, [plain, plain, plain, plain], placements);
        Assert.Equal([1, 0, 0, BestFit.None], placements);
        // Without the taint it is a node like any other.
        table.Set(Node("other"), Capacity(1000, 10, 9));
        table.Set(Node("spared"), Capacity(400, 10, 10));
        Assert.Equal(0, PlaceOne(table, plain));
    }

    [Fact]
    public void Every_node_has_one_of_a_host_port_whenever_either_came()
    {
        var table = new NodeTable();
        for (var node = 0; node < 70; node++) table.Set(Node($"n{node}"), Capacity(1000, 10, 10));
        table.Remove("n3");
        var port = table.ResourceId("hostPort/TCP/80");
        table.Set(Node("into-the-hole"), Capacity(1000, 10, 10));
        // Beyond what the columns held when the port was first named.
        for (var node = 70; node < 300; node++) table.Set(Node($"n{node}"), Capacity(1000, 10, 10));
        var web = new PodClass([new(port, 1), new(Pods, 1)], PlacementConstraints.None, true);
        var placements = new int[301];
        Round.Place(table, Enumerable.Repeat(web, 301).ToArray(), placements);
        Assert.Equal([.. Enumerable.Range(0, 300)], placements.Take(300).Order());
        Assert.Equal(BestFit.None, placements[300]);
        Assert.Equal("0/300 nodes are available: 300 node(s) didn't have free ports for the requested pod ports.", Explanation.Of(table, web).ToString());
        // A node that changes keeps what is taken, one that comes anew has its port.
        table.Set(Node("n5", labels: [new("a", "b")]), Capacity(2000, 10, 10));
        Assert.Equal(BestFit.None, PlaceOne(table, web));
        table.Remove("n7");
        Assert.Equal(7, table.Set(Node("n7"), Capacity(1000, 10, 10)));
        Assert.Equal(7, PlaceOne(table, web));
    }

    [Fact]
    public void Nobody_is_available_when_there_are_no_nodes() =>
        Assert.Equal("no nodes available to schedule pods", Explanation.Of(new NodeTable(), Class(1, 1, false)).ToString());

    private static int PlaceOne(NodeTable table, PodClass pod)
    {
        var placement = new int[1];
        Round.Place(table, [pod], placement);
        return placement[0];
    }

    private static PodClass Class(long cpuMilli, long memoryBytes, bool isSpreading) =>
        new([new(Cpu, cpuMilli), new(Memory, memoryBytes), new(Pods, 1)], PlacementConstraints.None, isSpreading);

    private static NodeTable Table(Random chance, int nodes)
    {
        var table = new NodeTable();
        for (var node = 0; node < nodes; node++) table.Set(Node($"n{node}"), Capacity(chance.Next(0, 20) * 100, chance.Next(0, 20), chance.Next(0, 12)));
        return table;
    }

    private static NodeFacts Node(string name, KeyValuePair<string, string>[]? labels = null, Taint[]? taints = null) =>
        new(name, (labels ?? []).ToImmutableDictionary(), [.. taints ?? []], false);

    private static ResourceAmount[] Capacity(long cpuMilli, long memoryBytes, long pods) => [new(Cpu, cpuMilli), new(Memory, memoryBytes), new(Pods, pods)];
}
