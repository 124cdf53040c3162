using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;
using ControlPlane.Controllers.Events;
using ControlPlane.Controllers.Leases;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Controllers.Events;

public sealed class ExpiryTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly InMemoryApi _api;

    public ExpiryTests() => _api = new(_time);

    [Fact]
    public void An_event_lives_an_hour_after_it_last_happened()
    {
        AddEvent("old", "2025-12-31T22:59:59Z");
        AddEvent("repeated", "2025-12-31T23:00:01Z");
        var plan = EventExpiry.Sweep(new ApiWorld(_api, _time.GetUtcNow()), TimeSpan.FromHours(1));
        Assert.Equal("old", Assert.IsType<ControlPlane.Api.Control.PlanStep.Delete>(Assert.Single(plan.Steps)).Key.Name);
    }

    [Fact]
    public void A_lease_goes_when_its_node_is_gone_and_nobody_renews_it()
    {
        AddLease("kube-node-lease", "fresh", "2025-12-31T23:59:00Z");
        AddLease("kube-node-lease", "left", "2025-12-31T23:50:00Z");
        AddLease("kube-node-lease", "alive", "2025-12-31T23:50:00Z");
        AddLease("ns", "left", "2025-12-31T23:50:00Z");
        _api.Create(Node.Resource, new() { ["metadata"] = new JsonObject { ["name"] = "alive" } });
        var plan = LeaseCleanup.Sweep(new ApiWorld(_api, _time.GetUtcNow()), TimeSpan.FromMinutes(5));
        Assert.Equal("leases.coordination.k8s.io/kube-node-lease/left", Assert.IsType<ControlPlane.Api.Control.PlanStep.Delete>(Assert.Single(plan.Steps)).Key.ToString());
    }

    private void AddEvent(string name, string last) => _api.Create(Event.Resource, new() { ["metadata"] = new JsonObject { ["name"] = name }, ["lastTimestamp"] = last });

    private void AddLease(string @namespace, string name, string renewed) => _api.Create(Lease.Resource, new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = @namespace },
        ["spec"] = new JsonObject { ["renewTime"] = renewed },
    });
}
