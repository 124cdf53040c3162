using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Tests.Controllers;

/// <summary>The world exactly as the in-memory server has it: a cache that is never late.</summary>
internal sealed class ApiWorld(InMemoryApi api, DateTimeOffset now) : World
{
    public override DateTimeOffset Now => now;

    public override T? Get<T>(string? @namespace, string name) where T : class => api.Find<T>(@namespace, name);

    public override IEnumerable<T> All<T>(string? @namespace = null) => api.All<T>(@namespace);

    public override IEnumerable<T> OwnedBy<T>(IResource owner) => api.All<T>().Where(item => item.Metadata.ControllerRef?.Uid == owner.Metadata.Uid);

    public override IEnumerable<Pod> PodsOnNode(string nodeName) => api.All<Pod>().Where(pod => pod.Spec.NodeName == nodeName);
}
