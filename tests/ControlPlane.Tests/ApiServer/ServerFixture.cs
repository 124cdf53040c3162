using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Hosting;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;
using ControlPlane.Replica;

namespace ControlPlane.Tests.ApiServer;

/// <summary>A real Kestrel on a free port over a store in memory, shared by the tests of a class; each test takes a namespace of its own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    public const string AdminToken = "admin-token";
    public const string NodeToken = "node-token";
    public const string NobodyToken = "nobody-token";

    // A test that waits this long has failed; how long it waited says nothing.
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private int _namespaces;

    public LocalStore Store { get; } = new();

    public ApiServerHost Host { get; private set; } = null!;

    public HttpClient Admin { get; private set; } = null!;

    public Uri Address => Host.Addresses[0];

    public async ValueTask InitializeAsync()
    {
        Host = await ApiServerHost.StartAsync(Options(), Store, CancellationToken.None);
        await Host.Ready.WaitAsync(Deadline);
        Admin = Client(AdminToken);
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await Host.DisposeAsync();
    }

    public static ApiServerOptions Options() => new()
    {
        Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
        Tokens = new Dictionary<string, Caller>
        {
            [AdminToken] = new("admin", [Caller.Masters]),
            [NodeToken] = new("system:node:n1", [Caller.Nodes]),
            [NobodyToken] = new("joe", []),
        },
        AuthorityPem = "-----BEGIN CERTIFICATE-----\n",
    };

    /// <param name="token">Null: without credentials.</param>
    public HttpClient Client(string? token)
    {
        var client = new HttpClient { BaseAddress = Address, Timeout = Deadline };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    /// <summary>Makes a namespace and gives its name.</summary>
    public async Task<string> NewNamespaceAsync(string? name = null)
    {
        name ??= $"space-{Interlocked.Increment(ref _namespaces)}";
        var (code, answer) = await SendAsync("POST", "/api/v1/namespaces", $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        Assert.True(code == 201, answer?.ToJsonString());
        return name;
    }

    public Task<(int Code, JsonNode? Answer)> SendAsync(string method, string path, string? body = null, string contentType = "application/json", string? accept = null) =>
        SendAsync(Admin, method, path, body, contentType, accept);

    public static async Task<(int Code, JsonNode? Answer)> SendAsync(HttpClient client, string method, string path, string? body = null, string contentType = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return ((int)response.StatusCode, text.Length == 0 ? null : isJson ? JsonNode.Parse(text) : JsonValue.Create(text));
    }

    /// <summary>Creates a config map with data and labels.</summary>
    public async Task<JsonObject> CreateConfigMapAsync(string @namespace, string name, string extra = "")
    {
        var (code, answer) = await SendAsync("POST", $"/api/v1/namespaces/{@namespace}/configmaps", $$$"""{"metadata":{"name":"{{{name}}}"{{{extra}}}}}""");
        Assert.True(code == 201, answer?.ToJsonString());
        return (JsonObject)answer!;
    }

    public static ResourceKey ConfigMapKey(string @namespace, string name) => new(ConfigMap.Resource, @namespace, name);

    internal static WriteRequest Write() => new(Caller.Server, ControlPlane.Api.Documents.FieldValidation.Strict, DryRun: false, []);
}
