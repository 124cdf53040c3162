using System.Collections.Frozen;

namespace ControlPlane.Api.Resources;

/// <summary>Which rows of <c>resources.json</c> are offered. The facts know every built-in kind; a kind appears here once something gives it the
/// effect its users expect, because a Deployment that is stored and never runs is worse than "no such kind".</summary>
internal static class ServedResources
{
    private static readonly FrozenSet<string> Names = new[]
    {
        "v1/bindings",
        "v1/configmaps",
        "v1/endpoints",
        "v1/events",
        "v1/namespaces", "v1/namespaces/finalize", "v1/namespaces/status",
        "v1/nodes", "v1/nodes/status",
        "v1/pods", "v1/pods/binding", "v1/pods/log", "v1/pods/status",
        "v1/podtemplates",
        "v1/secrets",
        "v1/serviceaccounts",
        "v1/services", "v1/services/status",
        // Answered from the request alone; nothing is stored.
        "authentication.k8s.io/v1/selfsubjectreviews",
        ReadOnly,
        "authorization.k8s.io/v1/selfsubjectaccessreviews",
        "authorization.k8s.io/v1/selfsubjectrulesreviews",
        "batch/v1/cronjobs", "batch/v1/cronjobs/status",
        "batch/v1/jobs", "batch/v1/jobs/status",
        "coordination.k8s.io/v1/leases",
        "events.k8s.io/v1/events",
        "scheduling.k8s.io/v1/priorityclasses",
    }.ToFrozenSet();

    // kubectl lists these before it says that a kind is unknown, so that "no matches for kind" is its answer and not a puzzle about the server.
    private const string ReadOnly = "apiextensions.k8s.io/v1/customresourcedefinitions";

    /// <summary>The verbs of a resource that are offered.</summary>
    public static bool Offers(string groupVersion, string name, string verb) => $"{groupVersion}/{name}" != ReadOnly || verb is "get" or "list" or "watch";

    /// <param name="groupVersion">Such as <c>v1</c> or <c>batch/v1</c>.</param>
    /// <param name="name">Such as <c>jobs</c> or <c>jobs/status</c>.</param>
    public static bool Contains(string groupVersion, string name) => Names.Contains($"{groupVersion}/{name}");
}
