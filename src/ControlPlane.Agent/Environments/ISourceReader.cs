namespace ControlPlane.Agent.Environments;

/// <summary>Reads ConfigMaps and Secrets.</summary>
internal interface ISourceReader
{
    /// <summary>The content, or null when it is not there.</summary>
    /// <exception cref="SourceUnavailableException">The API did not answer, or refused.</exception>
    Task<SourceData?> ReadAsync(string @namespace, SourceName name, CancellationToken cancellationToken);
}

/// <summary>It is not known whether a ConfigMap or Secret exists.</summary>
internal sealed class SourceUnavailableException(string message, Exception inner) : Exception(message, inner);
