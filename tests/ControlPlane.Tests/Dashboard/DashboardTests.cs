using System.Net;
using ControlPlane.Dashboard;
using ControlPlane.Dashboard.Login;
using ControlPlane.Tests.Agent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Tests.Dashboard;

/// <summary>A real web server on loopback, and a browser's requests to it.</summary>
public sealed class DashboardTests
{
    [Fact]
    public async Task Nothing_is_shown_without_a_session_and_a_login_link_works_once()
    {
        await using var board = await Board.StartAsync();
        board.Api.AddPod("hidden", TestAgent.Sh("true"));
        Assert.DoesNotContain("hidden", await board.Browser.GetStringAsync("/"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await board.Browser.GetAsync("/live")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await board.Browser.PostAsync("/login", new StringContent("guess"))).StatusCode);

        var token = board.Tokens.Issue();
        var answer = await board.Browser.PostAsync("/login", new StringContent(token));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie);
        Assert.Contains("samesite=strict", cookie);
        Assert.Equal(HttpStatusCode.Unauthorized, (await board.Browser.PostAsync("/login", new StringContent(token))).StatusCode);
        Assert.Contains("id=\"pods\"", await board.Browser.GetStringAsync("/"));

        await board.Browser.PostAsync("/logout", null);
        Assert.DoesNotContain("id=\"pods\"", await board.Browser.GetStringAsync("/"));
    }

    [Fact]
    public async Task A_pod_that_appears_is_seen_live_and_its_name_cannot_become_markup()
    {
        await using var board = await Board.StartAsync();
        await board.Browser.PostAsync("/login", new StringContent(board.Tokens.Issue()));
        using var live = new StreamReader(await board.Browser.GetStreamAsync("/live"));
        board.Api.AddPod("seen<script>", TestAgent.Sh("true"));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var text = "";
        while (!text.Contains("seen", StringComparison.Ordinal)) text = await live.ReadLineAsync(patience.Token) ?? throw new IOException("the stream ended");
        Assert.StartsWith("data: [\"pods\",", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", text);
    }

    private sealed class Board(WebApplication app, FakeApi api, OneTimeTokens tokens, CancellationTokenSource stopping) : IAsyncDisposable
    {
        public FakeApi Api => api;

        public OneTimeTokens Tokens => tokens;

        public HttpClient Browser { get; } = new(new SocketsHttpHandler { CookieContainer = new() }) { BaseAddress = new(app.Urls.First()) };

        public static async Task<Board> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.Services.AddDashboard();
            var app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            var (api, tokens, stopping) = (new FakeApi(), new OneTimeTokens(), new CancellationTokenSource());
            app.MapDashboard(api, tokens, TimeProvider.System, stopping.Token);
            await app.StartAsync();
            return new(app, api, tokens, stopping);
        }

        public async ValueTask DisposeAsync()
        {
            Browser.Dispose();
            await stopping.CancelAsync();
            await app.DisposeAsync();
            stopping.Dispose();
        }
    }
}
