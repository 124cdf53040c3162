using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Discovery;
using ControlPlane.ApiServer.Logs;
using ControlPlane.ApiServer.Security;
using ControlPlane.Replica;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ControlPlane.ApiServer.Http;

/// <summary>The way of every request: who → may they → which endpoint; and the one place where exceptions become answers.</summary>
internal sealed partial class ApiMiddleware(
    Authenticator authenticator,
    IAuthorizer authorizer,
    ResourceRegistry registry,
    ResourceEndpoint resources,
    DiscoveryEndpoint discovery,
    ServerEndpoint server,
    AnswerWriter answers,
    RequestCounters counters,
    ILogger logger)
{
    private static readonly object CallerItem = new();

    /// <summary>The caller of a request that passed <see cref="InvokeAsync"/>.</summary>
    public static Caller CallerOf(HttpContext http) => http.Items[CallerItem] as Caller ?? Caller.Anonymous;

    /// <param name="next">The hub and the agents' stream.</param>
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var verb = http.Request.Method;
        try
        {
            var caller = authenticator.Identify(http);
            http.Items[CallerItem] = caller;
            var path = http.Request.Path.Value ?? "/";
            if (RequestTarget.Parse(path, registry) is { } target)
            {
                verb = ResourceEndpoint.VerbOf(http.Request, target);
                Authorize(caller, new AccessRequest(verb, target.Resource.Group, target.Resource.Plural, target.Subresource, target.Namespace ?? (target.Resource.Plural == "namespaces" ? target.Name : null), target.Name, ""), target.Resource);
                await resources.ServeAsync(http, target, verb, caller);
                return;
            }

            Authorize(caller, AccessRequest.ForPath(http.Request.Method.ToLowerInvariant(), path), null);
            RequireSameOrigin(http, path);
            if (path.StartsWith("/hubs/", StringComparison.Ordinal) || AgentStreamEndpoint.Serves(path)) await next(http);
            else if (!await server.TryServeAsync(http, path) && !await discovery.TryServeAsync(http, path)) throw UnknownPath(path);
        }
        catch (Exception exception)
        {
            await RefuseAsync(http, exception);
        }
        finally
        {
            counters.Count(verb, http.Response.StatusCode);
        }
    }

    private void Authorize(Caller caller, in AccessRequest request, ResourceDescriptor? resource)
    {
        if (authorizer.Allows(caller, request)) return;
        // Who has shown no credentials is asked for some before being told no.
        if (caller.IsAnonymous) throw ApiErrors.Unauthorized();
        var denial = request.DenialFor(caller);
        if (resource is null) throw new ApiException(new(403, "Forbidden", $"forbidden: {denial}", new(null, null, null, null, [])));
        var name = request.Name is { } given ? $" \"{given}\"" : "";
        throw new ApiException(new(403, "Forbidden", $"{resource.QualifiedName}{name} is forbidden: {denial}", new(request.Name, resource.Group, resource.Plural, null, [])));
    }

    // A browser shows its certificate to any page that opens a WebSocket here; only pages of this server may.
    private static void RequireSameOrigin(HttpContext http, string path)
    {
        if (!path.StartsWith("/hubs/", StringComparison.Ordinal) || http.Request.Headers.Origin.ToString() is not { Length: > 0 } origin) return;
        if (Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority == http.Request.Host.Value) return;
        throw new ApiException(new(403, "Forbidden", $"forbidden: pages of {origin} may not use the hub of {http.Request.Host}"));
    }

    private async Task RefuseAsync(HttpContext http, Exception exception)
    {
        if (exception is OperationCanceledException && http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; 499 is only for the counters.
            if (!http.Response.HasStarted) http.Response.StatusCode = 499;
            return;
        }

        var status = exception switch
        {
            ApiException refusal => refusal.Status,
            StoreUnavailableException unavailable => ApiErrors.ServiceUnavailable(unavailable.Message).Status,
            FormatException wrong when http.Request.Path.StartsWithSegments("/controlplane") => ApiErrors.BadRequest(wrong.Message).Status,
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ApiErrors.TooLarge($"Request entity too large: limit is {RequestBody.SizeMax}").Status,
            BadHttpRequestException bad => ApiErrors.BadRequest(bad.Message).Status with { Code = bad.StatusCode },
            OperationCanceledException => ApiErrors.Timeout("the server is stopping or the request took too long; the outcome of a write is unknown").Status,
            _ => Unexpected(http, exception),
        };
        if (http.Response.HasStarted)
        {
            // Half an answer is out: only a broken connection can still say that it is not whole.
            http.Abort();
            return;
        }

        if (exception is ApiException { Status: { Code: 404, Details: null } } && status.Reason == PlainNotFound)
        {
            http.Response.StatusCode = 404;
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync("404 page not found\n", http.RequestAborted);
            return;
        }

        await answers.WriteAsync(http, status);
    }

    private ApiStatus Unexpected(HttpContext http, Exception exception)
    {
        LogUnexpected(logger, exception, http.Request.Method, http.Request.Path, http.TraceIdentifier);
        return ApiErrors.Internal($"an error on the server has prevented the request from succeeding; the server's log has it under {http.TraceIdentifier}").Status;
    }

    private const string PlainNotFound = "PlainNotFound";

    // Within a served group version the answer is a Status; elsewhere it is a plain page, as in Kubernetes.
    private ApiException UnknownPath(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["api", "v1", "namespaces", _, "pods", _, "exec" or "attach" or "portforward"])
        {
            return new ApiException(new(404, "NotFound", $"pods/{parts[^1]} is not served by this version; what containers write can be read with logs", new(null, null, null, null, [])));
        }

        var isOurs = parts is ["api", ..] || (parts is ["apis", var group, _, ..] && registry.All.Any(resource => resource.Group == group));
        return isOurs
            ? new ApiException(new(404, "NotFound", "the server could not find the requested resource", new(null, null, null, null, [])))
            : new ApiException(new(404, PlainNotFound, "404 page not found"));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed unexpectedly (request {Request})")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string method, PathString path, string request);
}
