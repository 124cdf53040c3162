using System.Globalization;
using System.Text;
using ControlPlane.Api.Errors;
using ControlPlane.ApiServer.Hosting;
using ControlPlane.ApiServer.Watches;
using ControlPlane.Replica;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary>About the server itself: health, metrics, and the CA that vouches for it.</summary>
internal sealed class ServerEndpoint(ApiServerOptions options, IReplicatedStore store, WatchFeeds feeds, Bootstrap bootstrap, RequestCounters counters, MemberEndpoint members, CancellationToken stopping)
{
    // How long a health check may wait for the group.
    private static readonly TimeSpan HealthPatience = TimeSpan.FromSeconds(2);

    /// <summary>False when the path is not of this endpoint.</summary>
    public async Task<bool> TryServeAsync(HttpContext http, string path)
    {
        var slash = path.IndexOf('/', 1);
        var root = slash < 0 ? path : path[..slash];
        switch (root)
        {
            case "/healthz" or "/livez" or "/readyz":
                RequireGet(http);
                await CheckAsync(http, root[1..], slash < 0 ? null : path[(slash + 1)..].TrimEnd('/'));
                return true;
            case "/metrics" when slash < 0:
                RequireGet(http);
                await WriteAsync(http, 200, Metrics(), "text/plain; version=0.0.4; charset=utf-8");
                return true;
            case "/cacerts" when slash < 0 && options.AuthorityPem is { } pem:
                RequireGet(http);
                await WriteAsync(http, 200, pem, "application/x-pem-file");
                return true;
            case "/controlplane":
                return await members.TryServeAsync(http, path);
            default:
                return false;
        }
    }

    public static void RequireGet(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method)) throw ApiErrors.MethodNotAllowed();
    }

    private async Task CheckAsync(HttpContext http, string name, string? only)
    {
        List<Check> checks = [new("ping", null), new("watch-feeds", feeds.Completion.IsCompleted ? "the reader of changes has ended" : null)];
        if (name != "livez")
        {
            checks.Add(new Check("store", await StoreTroubleAsync(http.RequestAborted)));
            checks.Add(new Check("bootstrap", bootstrap.IsDone ? null : "the system's namespaces are not there yet"));
            checks.Add(new Check("shutdown", stopping.IsCancellationRequested ? "the server is stopping" : null));
        }

        if (only is { Length: > 0 })
        {
            checks = checks.FindAll(check => check.Name == only);
            if (checks.Count == 0) throw new ApiException(new(404, "NotFound", "the server could not find the requested resource", new(null, null, null, null, [])));
        }

        var isWell = checks.TrueForAll(check => check.Trouble is null);
        if (isWell && (only is not null || !http.Request.Query.ContainsKey("verbose")))
        {
            await WriteAsync(http, 200, "ok", "text/plain; charset=utf-8");
            return;
        }

        var text = new StringBuilder();
        foreach (var check in checks) text.Append(check.Trouble is null ? $"[+]{check.Name} ok\n" : $"[-]{check.Name} failed: {check.Trouble}\n");
        text.Append(isWell ? $"{name} check passed\n" : $"{name} check failed\n");
        await WriteAsync(http, isWell ? 200 : 500, text.ToString(), "text/plain; charset=utf-8");
    }

    private async Task<string?> StoreTroubleAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(HealthPatience);
        try
        {
            await store.ReadAsync(patience.Token);
            return null;
        }
        catch (StoreUnavailableException exception)
        {
            return exception.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no quorum answered within {HealthPatience.TotalSeconds} s";
        }
    }

    private string Metrics()
    {
        var text = new StringBuilder();
        Describe(text, "controlplane_requests_total", "counter", "Requests by verb and status code.");
        foreach (var (verb, code, count) in counters.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"controlplane_requests_total{{verb=\"{verb}\",code=\"{code}\"}} {count}\n");
        }

        var view = store.Latest;
        var leadership = store.Leadership;
        Gauge(text, "controlplane_store_revision", "The newest revision applied on this member.", view.Revision.Value);
        Gauge(text, "controlplane_store_history_floor", "History at and below this revision is gone.", view.Floor.Value);
        Gauge(text, "controlplane_watch_revision", "The newest revision handed to watchers.", feeds.Processed);
        Gauge(text, "controlplane_watchers", "Open watches of every kind.", feeds.CursorCount);
        Gauge(text, "controlplane_raft_term", "The term this member knows.", leadership.Term);
        Gauge(text, "controlplane_raft_is_leader", "1 on the leader.", leadership.IsLeader ? 1 : 0);
        Gauge(text, "controlplane_raft_has_leader", "1 while a leader is known.", leadership.Leader is null ? 0 : 1);
        Gauge(text, "process_resident_memory_bytes", "Resident memory.", Environment.WorkingSet);
        return text.ToString();
    }

    private static void Gauge(StringBuilder text, string name, string help, long value)
    {
        Describe(text, name, "gauge", help);
        text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
    }

    private static void Describe(StringBuilder text, string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static async Task WriteAsync(HttpContext http, int code, string text, string contentType)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = contentType;
        http.Response.Headers["X-Content-Type-Options"] = "nosniff";
        var bytes = Encoding.UTF8.GetBytes(text);
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
    }

    /// <param name="Trouble">Null: well.</param>
    private readonly record struct Check(string Name, string? Trouble);
}
