namespace ControlPlane.Client.Http;

/// <summary>Where the logs of containers come from: the server over HTTP, or something else in tests and in process.</summary>
public interface ILogSource
{
    /// <summary>Opens a log; it ends when the container has ended and all was read (with <see cref="LogQuery.Follow"/>), or with what there is now.</summary>
    /// <exception cref="Api.Errors.ApiException">No such pod or container, or it has not started yet (400).</exception>
    Task<Stream> OpenAsync(string @namespace, string pod, LogQuery query, CancellationToken cancellationToken);
}

/// <param name="Container">Null: the only one.</param>
/// <param name="Follow">Stay for what is written later.</param>
/// <param name="Previous">Of the container's former run.</param>
/// <param name="TailLines">Only the last lines; null: all.</param>
/// <param name="Since">Only what is younger; null: all.</param>
public sealed record LogQuery(string? Container = null, bool Follow = false, bool Previous = false, bool Timestamps = false, long? TailLines = null, TimeSpan? Since = null);

/// <summary>Logs over the API.</summary>
public sealed class PodLogs(ApiConnection connection) : ILogSource
{
    public async Task<Stream> OpenAsync(string @namespace, string pod, LogQuery query, CancellationToken cancellationToken)
    {
        var path = $"/api/v1/namespaces/{@namespace}/pods/{Uri.EscapeDataString(pod)}/log" + QueryString.Of(
            ("container", query.Container),
            ("follow", query.Follow ? "true" : null),
            ("previous", query.Previous ? "true" : null),
            ("timestamps", query.Timestamps ? "true" : null),
            ("tailLines", query.TailLines?.ToString()),
            ("sinceSeconds", query.Since is { } since ? Math.Max(1, (long)Math.Ceiling(since.TotalSeconds)).ToString() : null));
        // The response lives as long as its stream: disposing the stream ends the request.
        var response = await connection.SendAsync(HttpMethod.Get, path, accept: "*/*", cancellationToken: cancellationToken);
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }
}
