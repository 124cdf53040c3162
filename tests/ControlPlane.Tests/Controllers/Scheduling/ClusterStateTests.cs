using ControlPlane.Api.Resources;
using ControlPlane.Controllers.Scheduling;

namespace ControlPlane.Tests.Controllers.Scheduling;

public sealed class ClusterStateTests
{
    private readonly ClusterState _state = new();

    [Fact]
    public void An_assumed_binding_is_not_taken_twice_when_the_watch_confirms_it()
    {
        Add(Given.Node("n", cpu: 4));
        var pod = Add(Given.Pod("a", Given.Asking("1")));
        PlaceAll();
        Assert.Equal(3000, FreeCpu("n"));
        var bound = Given.Pod("a", Given.Asking("1", "'nodeName':'n'"));
        _state.Apply(Given.Changed(pod, bound));
        Assert.Equal(3000, FreeCpu("n"));
        _state.Apply(Given.Changed(bound, Given.Pod("a", Given.Asking("1", "'nodeName':'n'"), phase: "Running")));
        Assert.Equal(3000, FreeCpu("n"));
        Assert.Equal(0, _state.PendingCount);
    }

    [Fact]
    public void A_pod_that_was_bound_elsewhere_after_all_takes_room_there_and_gives_ours_back()
    {
        Add(Given.Node("n", cpu: 2));
        var pod = Add(Given.Pod("a", Given.Asking("1")));
        PlaceAll();
        Add(Given.Node("m", cpu: 4));
        _state.Apply(Given.Changed(pod, Given.Pod("a", Given.Asking("1", "'nodeName':'m'"))));
        Assert.Equal((2000, 3000), (FreeCpu("n"), FreeCpu("m")));
    }

    [Fact]
    public void A_refused_binding_gives_its_room_back_and_the_pod_waits_again()
    {
        Add(Given.Node("n", cpu: 4));
        Add(Given.Pod("a", Given.Asking("1")));
        var pod = PlaceAll().Single();
        var room = _state.RoomVersion;
        Assert.True(_state.IsAssumed(pod));
        _state.Release(pod);
        Assert.False(_state.IsAssumed(pod));
        Assert.Equal((4000, 1), (FreeCpu("n"), _state.PendingCount));
        Assert.True(_state.RoomVersion > room);
    }

    [Theory]
    [InlineData("{'nodeName':'n','containers':[{'resources':{'requests':{'cpu':'1'}}}]}", 3000, 0)]
    [InlineData("{'containers':[{'resources':{'requests':{'cpu':'1'}}}]}", 4000, 1)]
    [InlineData(null, 4000, 0)]
    public void A_binding_in_doubt_keeps_its_room_until_the_watch_tells(string? spec, long freeCpuMilli, int pendingCount)
    {
        Add(Given.Node("n", cpu: 4));
        var before = Add(Given.Pod("a", Given.Asking("1")));
        _state.Doubt(PlaceAll().Single());
        Assert.Equal((3000, 0), (FreeCpu("n"), _state.PendingCount));
        _state.Apply(spec is null ? Given.Deleted(before) : Given.Changed(before, Given.Pod("a", spec, revision: 2)));
        Assert.Equal((freeCpuMilli, pendingCount), (FreeCpu("n"), _state.PendingCount));
    }

    [Theory]
    [InlineData("Succeeded")]
    [InlineData("Failed")]
    [InlineData(null)]
    public void A_finished_or_deleted_pod_gives_its_room_back_once(string? phase)
    {
        Add(Given.Node("n", cpu: 4));
        var running = Add(Given.Pod("a", Given.Asking("1", "'nodeName':'n'"), phase: "Running"));
        Assert.Equal(3000, FreeCpu("n"));
        var room = _state.RoomVersion;
        if (phase is not null) _state.Apply(Given.Changed(running, running = Given.Pod("a", Given.Asking("1", "'nodeName':'n'"), phase: phase)));
        _state.Apply(Given.Deleted(running));
        Assert.Equal(4000, FreeCpu("n"));
        Assert.True(_state.RoomVersion > room);
    }

    [Fact]
    public void A_node_that_goes_and_comes_back_still_holds_its_pods()
    {
        var node = Add(Given.Node("n", cpu: 4));
        var first = Add(Given.Pod("a", Given.Asking("1", "'nodeName':'n'")));
        Add(Given.Pod("b", Given.Asking("2", "'nodeName':'n'")));
        _state.Apply(Given.Deleted(node));
        _state.Apply(Given.Deleted(first));
        Add(Given.Pod("c", Given.Asking("500m", "'nodeName':'n'")));
        Add(Given.Node("n", cpu: 8, uid: "another"));
        Assert.Equal(5500, FreeCpu("n"));
    }

    [Fact]
    public void A_pod_bound_before_its_node_is_known_takes_room_when_the_node_appears()
    {
        Add(Given.Pod("a", Given.Asking("1", "'nodeName':'n'")));
        Add(Given.Node("n", cpu: 4));
        Assert.Equal(3000, FreeCpu("n"));
    }

    [Fact]
    public void A_name_that_was_deleted_and_made_anew_between_two_looks_is_two_pods()
    {
        Add(Given.Node("n", cpu: 4));
        var old = Add(Given.Pod("a", Given.Asking("1", "'nodeName':'n'"), uid: "1"));
        _state.Apply(Given.Changed(old, Given.Pod("a", Given.Asking("2"), uid: "2")));
        Assert.Equal((4000, 1), (FreeCpu("n"), _state.PendingCount));
        Assert.Equal("2", PlaceAll().Single().Pod.Uid);
        Assert.Equal(2000, FreeCpu("n"));
    }

    [Fact]
    public void An_update_from_before_the_binding_does_not_make_the_pod_wait_again()
    {
        Add(Given.Node("n", cpu: 4));
        var pod = Add(Given.Pod("a", Given.Asking("1")));
        PlaceAll();
        _state.Apply(Given.Changed(pod, Given.Pod("a", Given.Asking("1", "'terminationGracePeriodSeconds':1"))));
        Assert.Equal((3000, 0), (FreeCpu("n"), _state.PendingCount));
    }

    [Fact]
    public void Gated_pods_and_those_of_other_schedulers_do_not_wait()
    {
        Add(Given.Pod("other", Given.Asking("1", "'schedulerName':'mine'")));
        var gated = Add(Given.Pod("gated", Given.Asking("1", "'schedulingGates':[{'name':'g'}]")));
        Assert.Equal(0, _state.PendingCount);
        _state.Apply(Given.Changed(gated, Given.Pod("gated", Given.Asking("1", "'schedulerName':'default-scheduler'"))));
        Assert.Equal(1, _state.PendingCount);
    }

    [Fact]
    public void Who_waits_is_asked_by_priority_then_age_then_name()
    {
        Add(Given.Pod("young", age: 9));
        Add(Given.Pod("b", age: 5));
        Add(Given.Pod("a", age: 5));
        Add(Given.Pod("z", age: 5, @namespace: "early"));
        Add(Given.Pod("humble", "{'priority':-1}"));
        Add(Given.Pod("important", "{'priority':1000}", age: 20));
        Assert.Equal(["important", "z", "a", "b", "young", "humble"], _state.Queue().Select(pod => pod.Pod.Name));
    }

    [Fact]
    public void Only_news_that_could_give_room_wake_those_who_found_none()
    {
        var node = Add(Given.Node("n", cpu: 4));
        var room = _state.RoomVersion;
        _state.Apply(Given.Changed(node, Given.Node("n", cpu: 4, revision: 2)));
        Add(Given.Pod("a", Given.Asking("1", "'nodeName':'n'")));
        Assert.Equal(room, _state.RoomVersion);
        _state.Apply(Given.Changed(node, node = Given.Node("n", cpu: 5)));
        Assert.True(_state.RoomVersion > room);
        room = _state.RoomVersion;
        _state.Apply(Given.Changed(node, Given.Node("n", cpu: 5, labels: "{'a':'b'}")));
        Assert.True(_state.RoomVersion > room);
    }

    [Fact]
    public void A_host_port_is_on_every_node_once()
    {
        const string Web = "{'containers':[{'ports':[{'hostPort':80}]}]}";
        Add(Given.Node("n"));
        var first = Add(Given.Pod("a", Web));
        Add(Given.Pod("b", Web, age: 1));
        Add(Given.Pod("udp", Web.Replace("80", "80,'protocol':'UDP'"), age: 2));
        Assert.Equal(["a", "udp"], PlaceAll().Select(pod => pod.Pod.Name));
        Add(Given.Node("later"));
        Assert.Equal(["b"], PlaceAll().Select(pod => pod.Pod.Name));
        Add(Given.Pod("c", Web));
        Assert.Empty(PlaceAll());
        _state.Apply(Given.Deleted(first));
        Assert.Equal(["c"], PlaceAll().Select(pod => pod.Pod.Name));
    }

    [Fact]
    public void A_node_that_is_being_emptied_takes_no_pods_though_they_tolerate_that_for_a_while()
    {
        var spec = "{'taints':[{'key':'node.kubernetes.io/not-ready','effect':'NoExecute'}]}";
        var node = Given.NodeDocument("n", spec: spec);
        node["status"]!["conditions"]![0]!["status"] = "False";
        node["metadata"]!["uid"] = "u";
        Add(new ResourceObject(ControlPlane.Api.Kinds.Node.Resource, null, "n", "u", 1, System.Text.Encoding.UTF8.GetBytes(node.ToJsonString())));
        Add(Given.Pod("a", Given.Asking("1", "'tolerations':[{'key':'node.kubernetes.io/not-ready','operator':'Exists','effect':'NoExecute','tolerationSeconds':300}]")));
        Assert.Empty(PlaceAll());
    }

    private ResourceObject Add(ResourceObject item)
    {
        _state.Apply(Given.Added(item));
        return item;
    }

    private List<PendingPod> PlaceAll() => _state.Place(_state.Queue()).Placed.ConvertAll(choice => choice.Pod);

    private long FreeCpu(string node) => _state.Nodes.FreeOf(_state.Nodes.RowOf(node), _state.Nodes.ResourceId("cpu"));
}
