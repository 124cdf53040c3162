using System.Collections.Immutable;

namespace ControlPlane.ApiServer.Security;

/// <summary>Who asks: the same identity for REST, the live hub and in-process callers.</summary>
/// <param name="Name">Such as <c>admin</c> or <c>system:node:n1</c>.</param>
/// <param name="Groups">Such as <c>system:masters</c>.</param>
public sealed record Caller(string Name, ImmutableArray<string> Groups)
{
    public const string Masters = "system:masters";

    public const string Nodes = "system:nodes";

    public const string Authenticated = "system:authenticated";

    public const string Unauthenticated = "system:unauthenticated";

    /// <summary>Nobody in particular.</summary>
    public static readonly Caller Anonymous = new("system:anonymous", [Unauthenticated]);

    /// <summary>The server's own parts: controllers, scheduler, start-up.</summary>
    public static readonly Caller Server = new("system:apiserver", [Masters, Authenticated]);

    public bool IsAnonymous => ReferenceEquals(this, Anonymous);

    public bool IsIn(string group) => Groups.Contains(group);
}
