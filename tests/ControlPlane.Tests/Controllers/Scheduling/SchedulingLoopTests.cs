using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Controllers.Runtime;
using ControlPlane.Controllers.Scheduling;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Controllers.Scheduling;

public sealed class SchedulingLoopTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(new(2026, 1, 1, 0, 1, 0, TimeSpan.Zero));
    private readonly CancellationTokenSource _stop = new();
    private readonly InMemoryApi _api;
    private Task _running = Task.CompletedTask;

    public SchedulingLoopTests() => _api = new(_time);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    // Messages as a real server wrote them, without its sentence about preemption, which is not offered.
    [Fact]
    public async Task Pods_that_cannot_be_scheduled_say_why_and_are_bound_once_they_can()
    {
        for (var node = 0; node < 5; node++) AddNode($"fake-{node}");
        Start();
        AddPod("big", Given.Asking("100"));
        AddPod("sel", "{'nodeSelector':{'late':'1'},'containers':[{'name':'c'}]}");
        AddPod("gated", "{'schedulingGates':[{'name':'ex.com/g'}],'containers':[{'name':'c'}]}");
        AddPod("anti", "{'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'labelSelector':{},'topologyKey':'none'}]}}}");
        await UntilRefused("big", "0/5 nodes are available: 5 Insufficient cpu.");
        await UntilRefused("sel", "0/5 nodes are available: 5 node(s) didn't match Pod's node affinity/selector.");
        await UntilRefused("anti", "0/5 nodes are available: 5 node(s) can't be checked: required pod anti-affinity is not offered yet.");
        await UntilTold("big", "Warning", "FailedScheduling", "0/5 nodes are available: 5 Insufficient cpu.");

        Patch("gated", new() { ["spec"] = new JsonObject { ["schedulingGates"] = new JsonArray() } });
        var gated = await UntilBound("gated");
        await UntilTold("gated", "Normal", "Scheduled", $"Successfully assigned ns/gated to {gated.Spec.NodeName}");

        _api.Patch(new(Node.Resource, null, "fake-2"), new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["late"] = "1" } } });
        Assert.Equal("fake-2", (await UntilBound("sel")).Spec.NodeName);
        await UntilTold("sel", "Normal", "Scheduled", "Successfully assigned ns/sel to fake-2");
        AddNode("huge", cpu: 128);
        Assert.Equal("huge", (await UntilBound("big")).Spec.NodeName);
        Assert.False(_api.Find<Pod>("ns", "anti")!.IsBound);
    }

    [Fact]
    public async Task Two_pods_with_one_host_port_do_not_share_a_node()
    {
        const string Web = "{'containers':[{'ports':[{'hostPort':80}]}]}";
        AddNode("a");
        AddNode("b");
        AddPod("p1", Web);
        AddPod("p2", Web);
        AddPod("p3", Web);
        Start();
        Assert.NotEqual((await UntilBound("p1")).Spec.NodeName, (await UntilBound("p2")).Spec.NodeName);
        await UntilRefused("p3", "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.");
    }

    [Fact]
    public async Task A_refused_binding_is_tried_again_after_a_pause_and_holds_no_room_meanwhile()
    {
        AddNode("n", cpu: 1);
        var refusalsLeft = 2;
        _api.Refuse = (verb, key) => verb == "bind" && refusalsLeft-- > 0 ? ApiErrors.Forbidden(Pod.Resource, key.Name, "not now") : null;
        AddPod("p", Given.Asking("1"));
        Start();
        await UntilAsked("bind pods/ns/p to n", 1);
        // Not at once: without time nothing happens.
        AddPod("gated", "{'schedulingGates':[{'name':'g'}]}");
        Assert.Equal(1, AskedCount("bind"));
        await WhileTimePasses(() => _api.Find<Pod>("ns", "p")!.IsBound);
        Assert.Equal(3, AskedCount("bind pods/ns/p to n"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bindings_without_an_answer_are_asked_for_again_as_they_were(bool wereWritten)
    {
        AddNode("n", cpu: 1);
        AddNode("m", cpu: 1);
        var failuresLeft = 1;
        _api.FailBindings = isWritten => isWritten == wereWritten && failuresLeft-- > 0 ? ApiErrors.Internal("nobody knows") : null;
        for (var pod = 0; pod < 3; pod++) AddPod($"p{pod}", Given.Asking("1"));
        Start();
        await WhileTimePasses(() => MessageOf(_api.Find<Pod>("ns", "p2")!) == "0/2 nodes are available: 2 Insufficient cpu.");
        Assert.Equal(["m", "n"], _api.All<Pod>().Where(pod => pod.IsBound).Select(pod => pod.Spec.NodeName).Order());
    }

    [Fact]
    public async Task A_pod_deleted_while_it_is_bound_leaves_its_room_to_the_next()
    {
        AddNode("n", cpu: 1);
        AddPod("gone", Given.Asking("1"));
        _api.Refuse = (verb, key) =>
        {
            if (verb == "bind" && key.Name == "gone") _api.Delete(key, new());
            return null;
        };
        Start();
        AddPod("next", Given.Asking("1", "'priority':-1"));
        await UntilBound("next");
        Assert.Null(_api.Find<Pod>("ns", "gone"));
    }

    [Fact]
    public async Task Two_thousand_pods_are_bound_and_no_node_is_overcommitted()
    {
        for (var node = 0; node < 200; node++) AddNode($"n{node:d3}", cpu: 4);
        // 2,000 pods of a quarter and of half a core: 750 of 800 cores.
        for (var pod = 0; pod < 2000; pod++) AddPod($"p{pod:d4}", Given.Asking($"{250 + 250 * (pod % 2)}m"));
        Start();
        await _api.Until(() => _api.All<Pod>().All(pod => pod.IsBound) ? "" : null, "every pod bound");
        var used = _api.All<Pod>().GroupBy(pod => pod.Spec.NodeName).Select(node => node.Sum(pod => PodDemand.Of(pod.Spec)["cpu"])).ToList();
        Assert.All(used, cpuMilli => Assert.InRange(cpuMilli, 1, 4000));
        Assert.Equal(2000, AskedCount("bind"));
    }

    [Fact]
    public async Task Pods_that_find_no_room_are_told_once_and_again_when_the_reason_has_changed_for_a_while()
    {
        AddNode("n", cpu: 1);
        for (var pod = 0; pod < 150; pod++) AddPod($"p{pod:d3}", Given.Asking("2"));
        Start();
        for (var pod = 0; pod < 150; pod++) await UntilRefused($"p{pod:d3}", "0/1 nodes are available: 1 Insufficient cpu.");
        for (var node = 0; node < 3; node++)
        {
            AddNode($"m{node}", cpu: 1);
            // Bound means that the loop has seen the node. It may have seen the pod before it, and told of that too.
            AddPod($"small{node}", Given.Asking("1"));
            await UntilBound($"small{node}");
        }

        Assert.Equal(150, AskedCount("patch status of pods/ns/p"));
        // Nothing changes any more: it must be the clock that makes them look.
        await WhileTimePasses(() => _api.All<Pod>().Count(pod => MessageOf(pod) == "0/4 nodes are available: 4 Insufficient cpu.") == 150);
        Assert.Equal(300, AskedCount("patch status of pods/ns/p"));
    }

    private void Start()
    {
        var informers = new InformerSet(_api, _time, _ => { });
        var events = new EventRecorder(_api, _time, _ => { });
        var loop = new SchedulingLoop(new(_api, informers, events, _time, _ => { }));
        _running = Task.WhenAll(informers.RunAsync(_stop.Token), events.RunAsync(_stop.Token), loop.RunAsync(_stop.Token));
    }

    private void AddNode(string name, int cpu = 4) => _api.Create(Node.Resource, Given.NodeDocument(name, cpu));

    private void AddPod(string name, string spec) => _api.Create(Pod.Resource, Given.PodDocument(name, spec));

    private void Patch(string pod, JsonObject patch) => _api.Patch(new(Pod.Resource, "ns", pod), patch);

    private Task<Pod> UntilBound(string pod) => _api.Until(() => _api.Find<Pod>("ns", pod) is { IsBound: true } bound ? bound : null, $"{pod} bound");

    private Task<Pod> UntilRefused(string pod, string message) => _api.Until(
        () => _api.Find<Pod>("ns", pod) is { } found && MessageOf(found) == message && found.Status.Conditions.Find("PodScheduled") is { Status: "False", Reason: "Unschedulable" } ? found : null,
        $"{pod}: {message}");

    private Task<Event> UntilTold(string pod, string type, string reason, string message) => _api.Until(
        () => _api.All<Event>().FirstOrDefault(told => told.InvolvedObject.Name == pod && told.Type == type && told.Reason == reason && told.Message == message),
        $"event {type} {reason} of {pod}: {message}");

    private Task<string> UntilAsked(string words, int count) => _api.Until(() => AskedCount(words) >= count ? "" : null, $"asked: {words}");

    /// <summary>Lets time pass, a pause of the loop at a time, until something holds.</summary>
    private async Task WhileTimePasses(Func<bool> holds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            if (deadline.IsCancellationRequested) throw new TimeoutException($"it did not come true; there is:\n{_api.Dump()}");
            _time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Yield();
        }
    }

    private int AskedCount(string words) => _api.AskedSoFar().Count(asked => asked.StartsWith(words, StringComparison.Ordinal));

    private static string? MessageOf(Pod pod) => pod.Status.Conditions.Find("PodScheduled")?.Message;
}
