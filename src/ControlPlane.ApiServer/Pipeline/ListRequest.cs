using ControlPlane.ApiServer.Watches;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>How fresh a read must be (<c>resourceVersion</c> and <c>resourceVersionMatch</c>).</summary>
internal readonly record struct Freshness(FreshnessKind Kind, long Revision)
{
    /// <summary>At least as new as every acknowledged write.</summary>
    public static readonly Freshness Consistent = new(FreshnessKind.Consistent, 0);

    /// <summary>Whatever this server has.</summary>
    public static readonly Freshness Any = new(FreshnessKind.Any, 0);

    public static Freshness NotOlderThan(long revision) => new(FreshnessKind.NotOlderThan, revision);

    public static Freshness Exactly(long revision) => new(FreshnessKind.Exact, revision);
}

internal enum FreshnessKind
{
    Consistent,
    Any,
    NotOlderThan,
    Exact,
}

/// <param name="CountMax">Page size; null: everything.</param>
/// <param name="Continue">The token of the previous page, or null.</param>
internal sealed record ListRequest(Selection Selection, Freshness Freshness, long? CountMax = null, string? Continue = null);
