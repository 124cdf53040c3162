using ControlPlane.Store;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>The answer to a list: records as they are stored, all of one revision.</summary>
/// <param name="Continue">Token for the next page; null on the last.</param>
/// <param name="RemainingCount">How many objects follow; null when a selector makes that unknown.</param>
internal sealed record ListPage(IReadOnlyList<Record> Records, long Revision, string? Continue, long? RemainingCount);
