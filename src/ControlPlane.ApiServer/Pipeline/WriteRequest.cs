using ControlPlane.Api.Documents;
using ControlPlane.ApiServer.Security;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Who writes, how strictly, and whether for real.</summary>
/// <param name="DryRun">Checked and answered, not stored.</param>
/// <param name="Warnings">Out: texts for <c>Warning:</c> headers.</param>
public sealed record WriteRequest(Caller Caller, FieldValidation Validation, bool DryRun, List<string> Warnings, string? FieldManager = null)
{
    /// <summary>Keys that stood twice in the body, by path.</summary>
    public IReadOnlyList<string> DuplicateKeys { get; init; } = [];
}
