using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace ControlPlane.Benchmarks.Clusters;

/// <summary>A plain HTTPS connection of the administrator to one server: what any client could do, with nothing of ours in between.</summary>
internal sealed class ApiConnection : IDisposable
{
    private readonly HttpClient _http;

    public ApiConnection(string url, string pkiFolder)
    {
        var authority = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(pkiFolder, "ca.crt")));
        var identity = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(pkiFolder, "admin.crt")), File.ReadAllText(Path.Combine(pkiFolder, "admin.key")));
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(1),
            MaxConnectionsPerServer = 64,
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = [identity],
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(url), Timeout = Timeout.InfiniteTimeSpan };
    }

    public async Task<HttpStatusCode> PostAsync(string path, string json, CancellationToken cancellationToken)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(path, body, cancellationToken);
        await answer.Content.CopyToAsync(Stream.Null, cancellationToken);
        return answer.StatusCode;
    }

    public async Task<HttpStatusCode> GetStatusAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(path, cancellationToken);
        return answer.StatusCode;
    }

    public async Task<JsonDocument> GetAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = await _http.GetStreamAsync(path, cancellationToken);
        return await JsonDocument.ParseAsync(stream, default, cancellationToken);
    }

    /// <summary>How many objects a collection holds, asked without transferring them.</summary>
    public async Task<long> CountAsync(string path, CancellationToken cancellationToken)
    {
        using var page = await GetAsync(path + "?limit=1", cancellationToken);
        var metadata = page.RootElement.GetProperty("metadata");
        return page.RootElement.GetProperty("items").GetArrayLength() + (metadata.TryGetProperty("remainingItemCount", out var rest) ? rest.GetInt64() : 0);
    }

    /// <summary>The events of a watch, one JSON document each, from <paramref name="resourceVersion"/> on.</summary>
    public async IAsyncEnumerable<JsonElement> WatchAsync(string path, string resourceVersion, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync($"{path}?watch=1&resourceVersion={resourceVersion}", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8, false, 1 << 16);
        while (await lines.ReadLineAsync(cancellationToken) is { } line) yield return JsonDocument.Parse(line).RootElement;
    }

    public void Dispose() => _http.Dispose();
}
