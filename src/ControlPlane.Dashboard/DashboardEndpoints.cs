using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlPlane.Api.Clients;
using ControlPlane.Dashboard.Cluster;
using ControlPlane.Dashboard.Login;
using ControlPlane.Dashboard.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Dashboard;

/// <summary>The dashboard as routes of a web server: one page, rendered on the server, whose sections are replaced as the cluster changes.
/// Without a session everything but the login page answers 401.</summary>
public static class DashboardEndpoints
{
    // A busy cluster changes a thousand times a second; a reader sees twice.
    private static readonly TimeSpan RenderInterval = TimeSpan.FromMilliseconds(500);

    // The longest an unchanged page stays silent, so that ages move on and a dead connection is noticed.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(10);

    private static readonly Type[] Sections = [typeof(NodeMap), typeof(Workloads), typeof(PodTable), typeof(EventTable)];

    private static readonly string[] SectionIds = ["nodes", "workloads", "pods", "events"];

    /// <summary>Adds what <see cref="MapDashboard"/> needs of the container: rendering of components.</summary>
    public static IServiceCollection AddDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents();
        return services;
    }

    /// <summary>Maps <c>/</c>, <c>/live</c>, <c>/login</c>, <c>/logout</c> and three assets.</summary>
    /// <param name="client">Sees what every logged-in browser may see.</param>
    /// <param name="login">Redeems the tokens of login links.</param>
    /// <param name="stopping">Ends watches and live connections.</param>
    public static IEndpointRouteBuilder MapDashboard(this IEndpointRouteBuilder routes, IResourceClient client, IDashboardLogin login, TimeProvider time, CancellationToken stopping)
    {
        var sessions = new Sessions(time);
        var cluster = new ClusterWatch(client, time, stopping);
        routes.MapGet("/", async context =>
        {
            Protect(context);
            var isKnown = sessions.Has(context);
            if (isKnown) _ = cluster.Begin();
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync(isKnown ? await RenderAsync(context, typeof(Shell), cluster.Snapshot()) : await RenderAsync(context, typeof(Pages.Login), null));
        });
        routes.MapPost("/login", async context =>
        {
            Protect(context);
            using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
            var buffer = new char[256];
            var count = await reader.ReadBlockAsync(buffer, context.RequestAborted);
            var isRedeemed = login.TryRedeem(new string(buffer, 0, count));
            if (isRedeemed) sessions.Begin(context);
            context.Response.StatusCode = isRedeemed ? StatusCodes.Status204NoContent : StatusCodes.Status401Unauthorized;
        });
        routes.MapPost("/logout", context =>
        {
            sessions.End(context);
            context.Response.Redirect("/");
            return Task.CompletedTask;
        });
        routes.MapGet("/live", async context =>
        {
            Protect(context);
            if (!sessions.Has(context))
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            _ = cluster.Begin();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
            await StreamAsync(context, cluster, () => sessions.Has(context), time, ending.Token);
        });
        foreach (var (name, type) in new[] { ("dashboard.css", "text/css"), ("dashboard.js", "text/javascript"), ("login.js", "text/javascript") })
        {
            var bytes = Asset(name);
            routes.MapGet("/" + name, async context =>
            {
                Protect(context);
                context.Response.ContentType = type + "; charset=utf-8";
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
            });
        }

        return routes;
    }

    private static async Task StreamAsync(HttpContext context, ClusterWatch cluster, Func<bool> isLoggedIn, TimeProvider time, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "text/event-stream";
        var sent = new string[Sections.Length];
        var (version, renderedAt) = (-1L, DateTimeOffset.MinValue);
        try
        {
            while (isLoggedIn())
            {
                var latest = cluster.Version;
                if (latest != version || time.GetUtcNow() - renderedAt >= SilenceMax)
                {
                    (version, renderedAt) = (latest, time.GetUtcNow());
                    var snapshot = cluster.Snapshot();
                    for (var index = 0; index < Sections.Length; index++)
                    {
                        var html = await RenderAsync(context, Sections[index], snapshot);
                        if (html == sent[index]) continue;
                        sent[index] = html;
                        await context.Response.WriteAsync($"event: section\ndata: {JsonSerializer.Serialize([SectionIds[index], html], DashboardJson.Default.StringArray)}\n\n", cancellationToken);
                    }

                    await context.Response.Body.FlushAsync(cancellationToken);
                }

                await Task.Delay(RenderInterval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The browser has gone, or the server stops.
        }
    }

    private static async Task<string> RenderAsync(HttpContext context, Type component, ClusterSnapshot? cluster)
    {
        var logging = context.RequestServices.GetRequiredService<ILoggerFactory>();
        await using var renderer = new HtmlRenderer(context.RequestServices, logging);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var parameters = cluster is null ? ParameterView.Empty : ParameterView.FromDictionary(new Dictionary<string, object?> { ["Cluster"] = cluster });
            return (await renderer.RenderComponentAsync(component, parameters)).ToHtmlString();
        });
    }

    private static void Protect(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
    }

    private static byte[] Asset(string name)
    {
        using var stream = typeof(DashboardEndpoints).Assembly.GetManifestResourceStream(name);
        Invariant.That(stream is not null);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class DashboardJson : JsonSerializerContext;
