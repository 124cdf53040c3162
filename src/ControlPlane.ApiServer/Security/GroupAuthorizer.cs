using System.Collections.Frozen;

namespace ControlPlane.ApiServer.Security;

/// <summary>Authorisation by group, until roles are read from the API: administrators may do everything, agents what an agent needs, anybody the health of
/// the server and everybody known the review of themselves.</summary>
public sealed class GroupAuthorizer : IAuthorizer
{
    // Agents: "verb group/resource[/subresource]".
    private static readonly FrozenSet<string> NodeGrants = Grants(
        ("get list watch", "/pods /nodes /configmaps /secrets /services /endpoints /namespaces /serviceaccounts scheduling.k8s.io/priorityclasses"),
        ("create update patch", "/nodes /nodes/status /events events.k8s.io/events"),
        ("update patch get", "/pods/status"),
        ("delete", "/pods"));

    // Leases are an agent's heartbeat and nothing else.
    private static readonly FrozenSet<string> LeaseVerbs = FrozenSet.Create("get", "create", "update", "patch", "delete", "list", "watch");
    private const string LeaseNamespace = "kube-node-lease";

    private static readonly FrozenSet<string> AnybodysPaths = FrozenSet.Create("/healthz", "/livez", "/readyz", "/version", "/cacerts");

    private static readonly FrozenSet<string> ReviewsOfOneself = FrozenSet.Create(
        "authentication.k8s.io/selfsubjectreviews", "authorization.k8s.io/selfsubjectaccessreviews", "authorization.k8s.io/selfsubjectrulesreviews");

    public bool Allows(Caller caller, in AccessRequest request)
    {
        if (caller.IsIn(Caller.Masters)) return true;
        if (!request.IsResource) return IsPathFor(caller, request);
        var what = $"{request.Group}/{request.Resource}";
        if (request.Subresource is not null) what += "/" + request.Subresource;
        if (!caller.IsAnonymous && request.Verb == "create" && ReviewsOfOneself.Contains(what)) return true;
        if (!caller.IsIn(Caller.Nodes)) return false;
        return NodeGrants.Contains($"{request.Verb} {what}")
            || (what == "coordination.k8s.io/leases" && request.Namespace == LeaseNamespace && LeaseVerbs.Contains(request.Verb));
    }

    public IReadOnlyList<AccessRule> RulesFor(Caller caller, string @namespace)
    {
        if (caller.IsIn(Caller.Masters)) return [new(["*"], ["*"], ["*"], []), new(["*"], [], [], ["*"])];
        var rules = new List<AccessRule>
        {
            new(["get"], [], [], [.. AnybodysPaths.Order()]),
            new(["create"], ["authentication.k8s.io"], ["selfsubjectreviews"], []),
            new(["create"], ["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], []),
        };
        if (!caller.IsIn(Caller.Nodes)) return rules;
        foreach (var grant in NodeGrants.Order())
        {
            var space = grant.IndexOf(' ');
            var slash = grant.IndexOf('/');
            rules.Add(new([grant[..space]], [grant[(space + 1)..slash]], [grant[(slash + 1)..]], []));
        }

        if (@namespace == LeaseNamespace) rules.Add(new([.. LeaseVerbs.Order()], ["coordination.k8s.io"], ["leases"], []));
        return rules;
    }

    private static bool IsPathFor(Caller caller, in AccessRequest request)
    {
        // The hub's clients negotiate by POST; what they may watch is decided a watch.
        if (request.Path.StartsWith("/hubs/", StringComparison.Ordinal)) return !caller.IsAnonymous;
        if (request.Verb is not ("get" or "head")) return false;
        var slash = request.Path.IndexOf('/', 1);
        if (AnybodysPaths.Contains(slash < 0 ? request.Path : request.Path[..slash])) return true;
        // Discovery and schemas tell what the server is, not what is in it: every known caller needs them. The agents' stream is the agents'.
        // A snapshot is everything there is, Secrets included.
        if (request.Path.StartsWith("/controlplane/", StringComparison.Ordinal)) return caller.IsIn(Caller.Nodes) && !request.Path.EndsWith("/snapshot", StringComparison.Ordinal);
        return !caller.IsAnonymous && (request.Path is "/" or "/api" or "/apis" || request.Path.StartsWith("/api/", StringComparison.Ordinal)
            || request.Path.StartsWith("/apis/", StringComparison.Ordinal) || request.Path.StartsWith("/openapi/", StringComparison.Ordinal));
    }

    private static FrozenSet<string> Grants(params ReadOnlySpan<(string Verbs, string Resources)> table)
    {
        var grants = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (verbs, resources) in table)
        {
            foreach (var verb in verbs.Split(' '))
            {
                foreach (var resource in resources.Split(' ')) grants.Add($"{verb} {resource}");
            }
        }

        return grants.ToFrozenSet();
    }
}
