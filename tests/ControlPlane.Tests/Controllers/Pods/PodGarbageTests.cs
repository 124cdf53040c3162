using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;
using ControlPlane.Controllers;
using ControlPlane.Controllers.Pods;
using ControlPlane.Controllers.Runtime;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Controllers.Pods;

public sealed class PodGarbageTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly InMemoryApi _api;
    private readonly NodeAbsences _absences = new();

    public PodGarbageTests() => _api = new(_time);

    [Fact]
    public async Task Pods_of_a_node_that_is_gone_fail_and_go_after_the_quarantine()
    {
        Add("p", "gone", "Running", finalizer: true);
        await SweepAfter(0);
        await SweepAfter(39);
        Assert.Equal("Running", _api.Find<Pod>("ns", "p")!.Status.Phase);
        await SweepAfter(1);
        var pod = _api.Find<Pod>("ns", "p")!;
        Assert.Equal(("Failed", true, 0), (pod.Status.Phase, pod.Metadata.IsBeingDeleted, pod.Metadata.DeletionGracePeriodSeconds));
        Assert.Equal("DeletionByPodGC", pod.Status.Conditions.Find("DisruptionTarget")!.Reason);
    }

    [Fact]
    public async Task A_node_that_registers_again_in_time_keeps_its_pods()
    {
        Add("p", "n", "Running");
        await SweepAfter(0);
        await SweepAfter(30);
        _api.Create(Node.Resource, new() { ["metadata"] = new JsonObject { ["name"] = "n" } });
        await SweepAfter(30);
        _api.Delete(new(Node.Resource, null, "n"), new());
        await SweepAfter(1);
        await SweepAfter(39);
        Assert.NotNull(_api.Find<Pod>("ns", "p"));
    }

    [Fact]
    public async Task Of_too_many_finished_pods_the_oldest_go()
    {
        _api.Create(Node.Resource, new() { ["metadata"] = new JsonObject { ["name"] = "n" } });
        foreach (var name in new[] { "b", "a", "c" })
        {
            Add(name, "n", "Succeeded");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Add("running", "n", "Running");
        await SweepAfter(0, new() { FinishedPodsMax = 2 });
        Assert.Equal(["a", "c", "running"], _api.All<Pod>().Select(pod => pod.Metadata.Name));
    }

    private async Task SweepAfter(int seconds, ControllerOptions? options = null)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        var plan = PodGarbage.Sweep(new ApiWorld(_api, _time.GetUtcNow()), options ?? new(), _absences);
        await new PlanExecutor(_api, new(_api, _time, _ => { }), "pod-garbage").CarryOutByObjectAsync(plan, CancellationToken.None);
    }

    private void Add(string name, string node, string phase, bool finalizer = false) => _api.Create(Pod.Resource, new()
    {
        ["metadata"] = finalizer ? new JsonObject { ["name"] = name, ["finalizers"] = new JsonArray("batch.kubernetes.io/job-tracking") } : new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["nodeName"] = node },
        ["status"] = new JsonObject { ["phase"] = phase },
    });
}
