using System.Collections.Immutable;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Quantities;
using ControlPlane.Scheduler.Columns;

namespace ControlPlane.Controllers.Scheduling;

/// <summary>What a pod takes from its node: the sum of its containers, but at least what an init container needs alone, plus overhead, plus one pod,
/// plus its host ports.</summary>
/// <remarks>CPU in millicores, the rest in base units. Source: the resource rules of Kubernetes for init containers and sidecars.</remarks>
internal static class PodDemand
{
    public const string Pods = "pods";
    private const string Cpu = "cpu";

    /// <summary>Amount by resource name, in name order.</summary>
    public static ImmutableSortedDictionary<string, long> Of(PodSpec spec)
    {
        var running = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var container in spec.Containers) Add(running, RequestsOf(container));

        // An init container runs beside the sidecars started before it, and before the containers.
        var sidecars = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var starting = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var container in spec.InitContainers)
        {
            var requests = RequestsOf(container).ToList();
            if (IsSidecar(container))
            {
                Add(sidecars, requests);
                Raise(starting, sidecars);
                continue;
            }

            var together = new SortedDictionary<string, long>(sidecars, StringComparer.Ordinal);
            Add(together, requests);
            Raise(starting, together);
        }

        Add(running, sidecars);
        Raise(running, starting);
        Add(running, Read(spec.Overhead));
        running[Pods] = 1;
        foreach (var container in spec.Containers.Concat(spec.InitContainers.Where(IsSidecar)))
        {
            // Whatever address of the host it is bound to: two pods on different addresses are kept apart too.
            foreach (var port in container.Ports.Where(port => port.HostPort > 0)) running[$"{NodeTable.HostPortPrefix}{port.Protocol ?? "TCP"}/{port.HostPort}"] = 1;
        }

        return running.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    /// <summary>Quantities by name as amounts.</summary>
    public static IEnumerable<KeyValuePair<string, long>> Read(IReadOnlyDictionary<string, string>? quantities)
    {
        foreach (var (name, text) in quantities ?? ImmutableDictionary<string, string>.Empty)
        {
            if (Quantity.TryParse(text, out var quantity)) yield return new(name, name == Cpu ? quantity.MilliValue : quantity.Value);
        }
    }

    private static bool IsSidecar(Container container) => container.RestartPolicy == "Always";

    private static IEnumerable<KeyValuePair<string, long>> RequestsOf(Container container)
    {
        // A limit without a request is a request, also where no server filled it in.
        var requests = Read(container.Resources?.Requests).ToDictionary();
        foreach (var (name, amount) in Read(container.Resources?.Limits)) requests.TryAdd(name, amount);
        return requests;
    }

    private static void Add(SortedDictionary<string, long> sum, IEnumerable<KeyValuePair<string, long>> more)
    {
        foreach (var (name, amount) in more) sum[name] = sum.GetValueOrDefault(name) + amount;
    }

    private static void Raise(SortedDictionary<string, long> to, IEnumerable<KeyValuePair<string, long>> atLeast)
    {
        foreach (var (name, amount) in atLeast) to[name] = Math.Max(to.GetValueOrDefault(name), amount);
    }
}
