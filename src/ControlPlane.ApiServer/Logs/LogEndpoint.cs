using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Wire;
using ControlPlane.ApiServer.Http;
using ControlPlane.ApiServer.Pipeline;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Logs;

/// <summary><c>pods/log</c>: finds the container, asks the agent of its node, and passes bytes on as they come.</summary>
internal sealed class LogEndpoint(ApiPipeline pipeline, AgentConnections agents)
{
    private static readonly TimeSpan AgentPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RefusalPatience = TimeSpan.FromMilliseconds(250);

    public async Task ServeAsync(HttpContext http, ResourceKey key, CancellationToken cancellationToken)
    {
        var request = http.Request;
        var pod = (await pipeline.GetAsync(key, Freshness.Consistent, cancellationToken)).ToDocument();
        var container = LogContainer.Choose(pod, key.Name, request.Text("container"));
        var asked = RequestOf(request, pod, key, container);
        var node = pod.Child("spec").Text("nodeName");
        if (node.Length == 0) throw ApiErrors.BadRequest($"pod {key.Name} does not have a host assigned");
        LogContainer.RequireLog(pod, key.Name, container, asked.Previous);
        if (await agents.FindAsync(node, AgentPatience, cancellationToken) is not { } agent)
        {
            throw ApiErrors.ServiceUnavailable($"the agent of node \"{node}\" has no stream to this server; the log can be read when it is back");
        }

        await using var log = await agent.OpenAsync(asked with { NodeName = node }, cancellationToken);
        var chunks = log.Chunks.Reader;
        // The first chunk or the refusal decides the status; a log that is followed and still empty must not keep its reader waiting for headers.
        var more = chunks.WaitToReadAsync(cancellationToken).AsTask();
        if (asked.Follow) await Task.WhenAny(more, Task.Delay(RefusalPatience, pipeline.Context.Time, cancellationToken));
        if (!asked.Follow || more.IsCompleted) await more;
        http.Response.ContentType = "text/plain";
        http.Response.Headers.CacheControl = "no-cache, private";
        await http.Response.StartAsync(cancellationToken);
        var output = http.Response.BodyWriter;
        await output.FlushAsync(cancellationToken);
        try
        {
            for (; await more; more = chunks.WaitToReadAsync(cancellationToken).AsTask())
            {
                while (chunks.TryRead(out var chunk)) await output.WriteAsync(chunk, cancellationToken);
                await output.FlushAsync(cancellationToken);
            }
        }
        catch (ApiException exception)
        {
            // Headers are out; the reason goes where its reader looks.
            await http.Response.WriteAsync($"{exception.Status.Message}\n", cancellationToken);
        }
    }

    private static LogRequest RequestOf(HttpRequest request, JsonObject pod, ResourceKey key, string container)
    {
        var errors = new FieldErrors();
        var tail = request.Number("tailLines");
        var limit = request.Number("limitBytes");
        var since = request.Number("sinceSeconds");
        DateTimeOffset? sinceTime = null;
        if (request.Text("sinceTime") is { Length: > 0 } text)
        {
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)) sinceTime = time;
            else throw ApiErrors.BadRequest($"sinceTime: cannot read \"{text}\" as a time; write it like 2026-01-02T15:04:05Z");
        }

        if (tail < 0) errors.Invalid("tailLines", $"{tail}", "must be greater than or equal to 0");
        if (limit < 1) errors.Invalid("limitBytes", $"{limit}", "must be greater than 0");
        if (since is not null && sinceTime is not null) errors.Forbidden("sinceSeconds", "at most one of `sinceTime` or `sinceSeconds` may be specified");
        else if (since < 1) errors.Invalid("sinceSeconds", $"{since}", "must be greater than 0");
        if (errors.Any) throw ApiErrors.Invalid(new GroupVersionKind("", "v1", "PodLogOptions"), key.Name, errors);
        return new LogRequest
        {
            Id = 0,
            Namespace = key.Namespace!,
            Pod = key.Name,
            PodUid = pod.Metadata().Text("uid"),
            NodeName = "",
            Container = container,
            Follow = request.Flag("follow"),
            Previous = request.Flag("previous"),
            Timestamps = request.Flag("timestamps"),
            TailLines = tail,
            LimitBytes = limit,
            SinceSeconds = since,
            SinceTime = sinceTime,
        };
    }
}
