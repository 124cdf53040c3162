using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;

namespace ControlPlane.ApiServer.Live;

/// <summary>What the hub gets from its host. Owns nothing: the host ends the pipeline.</summary>
/// <param name="Preparing">Completed before the server listens.</param>
/// <param name="Stopping">Ends every stream.</param>
internal sealed record LiveContext(Task<ApiPipeline> Preparing, IAuthorizer Authorizer, CancellationToken Stopping)
{
    public ApiPipeline Pipeline => Preparing.Result;
}
