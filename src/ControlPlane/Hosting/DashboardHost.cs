using System.Net;
using ControlPlane.Api.Clients;
using ControlPlane.Dashboard;
using ControlPlane.Dashboard.Login;
using ControlPlane.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Hosting;

/// <summary>The dashboard on a port of its own: plain HTTP on loopback, where nobody listens in and a browser knows no CA of ours; HTTPS elsewhere.</summary>
internal sealed class DashboardHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stopping;

    private DashboardHost(WebApplication app, CancellationTokenSource stopping, Uri login)
    {
        _app = app;
        _stopping = stopping;
        Login = login;
    }

    /// <summary>Good for one login. The token is in the fragment, which browsers send to nobody.</summary>
    public Uri Login { get; }

    /// <exception cref="CommandException">The port is taken.</exception>
    public static async Task<DashboardHost> StartAsync(IPEndPoint listen, IResourceClient client, ClusterIdentity identity, ConsoleLog log, CancellationToken cancellationToken)
    {
        var isPrivate = IPAddress.IsLoopback(listen.Address);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(listen, options =>
            {
                if (!isPrivate) options.UseHttps(identity.Server.ToCertificate());
            });
        });
        builder.Services.AddSingleton<ILoggerFactory>(log);
        builder.Services.AddRoutingCore();
        builder.Services.AddDashboard();
        var app = builder.Build();
        var stopping = new CancellationTokenSource();
        var tokens = new OneTimeTokens();
        app.UseRouting();
        app.MapDashboard(client, tokens, TimeProvider.System, stopping.Token);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException taken)
        {
            await app.DisposeAsync();
            throw new CommandException($"cannot serve the dashboard on {listen}: {taken.Message} Choose another --dashboard-listen (port 0 is any free port).");
        }

        var address = new Uri(app.Urls.First());
        return new(app, stopping, new Uri(address, $"/#{tokens.Issue()}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _stopping.Dispose();
    }
}
