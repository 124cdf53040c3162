using ControlPlane.Api.Clients;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>How an object is to be deleted (<c>DeleteOptions</c>).</summary>
/// <param name="Propagation">Null: the kind's default.</param>
/// <param name="GracePeriodSeconds">Null: the object's own.</param>
/// <param name="Uid">Precondition, or null.</param>
/// <param name="ResourceVersion">Precondition, or null.</param>
public sealed record DeleteRequest(DeletePropagation? Propagation, long? GracePeriodSeconds, string? Uid, string? ResourceVersion, bool DryRun, List<string> Warnings);
