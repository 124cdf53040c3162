namespace ControlPlane.ApiServer.Security;

/// <summary>Decides what a caller may do. The same answer for REST, the live hub and the dashboard.</summary>
public interface IAuthorizer
{
    /// <summary>Whether the request is allowed. Quick and synchronous: it is asked before every request.</summary>
    bool Allows(Caller caller, in AccessRequest request);

    /// <summary>What a caller may do, for <c>kubectl auth can-i --list</c>.</summary>
    IReadOnlyList<AccessRule> RulesFor(Caller caller, string @namespace);
}

/// <summary>A row of what is allowed; <c>*</c> is everything.</summary>
/// <param name="Paths">Of requests that are no resource; then groups and resources are empty.</param>
public sealed record AccessRule(IReadOnlyList<string> Verbs, IReadOnlyList<string> Groups, IReadOnlyList<string> Resources, IReadOnlyList<string> Paths);
