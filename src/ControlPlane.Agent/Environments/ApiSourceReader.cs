using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Environments;

/// <summary>Asks the API at every start, as a restarted container must see the present content.</summary>
internal sealed class ApiSourceReader(IResourceClient client) : ISourceReader
{
    public async Task<SourceData?> ReadAsync(string @namespace, SourceName name, CancellationToken cancellationToken)
    {
        var resource = name.Kind == SourceKind.ConfigMap ? ConfigMap.Resource : Secret.Resource;
        try
        {
            var found = await client.GetAsync(new(resource, @namespace, name.Name), cancellationToken);
            return new(found.ToDocument(), name.Kind);
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            return null;
        }
        catch (Exception exception) when (exception is ApiException or HttpRequestException or IOException)
        {
            throw new SourceUnavailableException($"{name.Word} \"{name.Name}\" could not be read: {exception.Message}", exception);
        }
    }
}
