using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Client.Configuration;

namespace ControlPlane.Client.Http;

/// <summary>Requests to a cluster of one or several servers. Stays with a server while it works; moves on when it cannot be reached or says it
/// cannot serve (503). Repeats a request only where nothing can have happened: it was not sent, it only reads, or the server refused it and said
/// when to come back. Safe from any thread.</summary>
public sealed class ApiConnection : IDisposable
{
    // A change of leader takes a second or two; five rounds with the server's own pauses outlast it, and a person's patience is not tried longer.
    private const int RoundsMax = 5;

    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(10);

    private readonly ClientConfig _config;
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _time;
    private volatile Uri[] _servers;
    private int _current;

    /// <param name="config">Where to and who as.</param>
    /// <param name="handler">For tests; null: the network.</param>
    /// <param name="time">Null: the system's.</param>
    public ApiConnection(ClientConfig config, HttpMessageHandler? handler = null, TimeProvider? time = null)
    {
        _config = config;
        _servers = [.. config.Servers];
        _time = time ?? TimeProvider.System;
        _http = new(handler ?? NewHandler(config));
    }

    /// <summary>Told when a request has to wait or move to another server; for progress lines.</summary>
    public Action<string>? OnWaiting { get; init; }

    /// <summary>Told of every <c>Warning:</c> header's text.</summary>
    public Action<string>? OnWarning { get; init; }

    public ClientConfig Config => _config;

    /// <summary>The server in use.</summary>
    public Uri CurrentServer
    {
        get
        {
            var servers = _servers;
            return servers[Volatile.Read(ref _current) % servers.Length];
        }
    }

    /// <summary>Servers besides the configured ones, such as Endpoints <c>default/kubernetes</c> names them; replaces what was learnt before.</summary>
    public void LearnServers(IEnumerable<Uri> servers) => _servers = [.. _config.Servers.Concat(servers).DistinctBy(server => server.Authority)];

    /// <summary>Sends, and answers when the headers of a success have arrived.</summary>
    /// <param name="pathAndQuery">From the server's root, escaped.</param>
    /// <param name="body">Null: none.</param>
    /// <returns>A success (2xx); the caller disposes it.</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ServerUnreachableException">No server answered, or the answer was cut off.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string pathAndQuery,
        ReadOnlyMemory<byte>? body = null,
        string contentType = "application/json",
        string accept = "application/json",
        CancellationToken cancellationToken = default)
    {
        var isRead = method == HttpMethod.Get;
        var unreachable = 0;
        for (var attempt = 1; ; attempt++)
        {
            var at = Volatile.Read(ref _current);
            var servers = _servers;
            var server = servers[at % servers.Length];
            using var request = NewRequest(method, server, pathAndQuery, body, contentType, accept);
            HttpResponseMessage response;
            try
            {
                response = await SendOnceAsync(request, cancellationToken);
            }
            catch (HttpRequestException broken)
            {
                var wasSent = !IsConnectionFailure(broken);
                // One turn round all servers; a caller that wants to wait for better times has its own back-off.
                if ((wasSent && !isRead) || ++unreachable >= servers.Length || !MoveOn(at)) throw Unreachable(server, method, wasSent, broken);
                OnWaiting?.Invoke($"{server.Authority} does not answer, trying {CurrentServer.Authority}");
                continue;
            }

            unreachable = 0;
            foreach (var warning in response.Headers.Warning) OnWarning?.Invoke(Unquote(warning.Text));
            if (response.IsSuccessStatusCode) return response;
            using (response)
            {
                var refusal = StatusBody.Parse(response.StatusCode, response.ReasonPhrase, await response.Content.ReadAsByteArrayAsync(cancellationToken));
                var isBusy = response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests;
                var retryAfter = RetryAfter(response, refusal);
                // Without Retry-After a write may have happened; with it the server says it has not and asks to come back.
                if (!isBusy || (!isRead && retryAfter is null) || attempt >= RoundsMax * servers.Length) throw new ApiException(refusal);
                var hasMoved = response.StatusCode == HttpStatusCode.ServiceUnavailable && MoveOn(at);
                var isRoundOver = !hasMoved || attempt % servers.Length == 0;
                if (!isRoundOver) continue;
                var pause = retryAfter ?? TimeSpan.FromSeconds(1);
                OnWaiting?.Invoke($"{server.Authority}: {refusal.Message}; trying again in {Math.Ceiling(pause.TotalSeconds)} s");
                await Task.Delay(pause, _time, cancellationToken);
            }
        }
    }

    /// <summary>Sends and reads the whole answer.</summary>
    /// <inheritdoc cref="SendAsync"/>
    public async Task<byte[]> FetchAsync(
        HttpMethod method,
        string pathAndQuery,
        ReadOnlyMemory<byte>? body = null,
        string contentType = "application/json",
        string accept = "application/json",
        CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(method, pathAndQuery, body, contentType, accept, cancellationToken);
        try
        {
            return await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw Unreachable(CurrentServer, method, wasSent: true, broken);
        }
    }

    /// <summary>A watch as the server words it, for those who show it: the event's type and its object, in whatever form <paramref name="accept"/> asks for.</summary>
    /// <exception cref="ApiException">The server refused, or sent an ERROR event.</exception>
    public async IAsyncEnumerable<(string Type, JsonObject Object)> WatchAsync(string pathAndQuery, string accept, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, pathAndQuery, accept: accept, cancellationToken: cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var line in WatchStream.LinesAsync(body, cancellationToken))
        {
            var step = JsonNode.Parse(line.Span) as JsonObject;
            if (step?["object"] is not JsonObject shown) continue;
            var type = step["type"]?.ToString() ?? "";
            if (type == "ERROR") throw new ApiException(StatusBody.From(shown));
            yield return (type, shown);
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage NewRequest(HttpMethod method, Uri server, string pathAndQuery, ReadOnlyMemory<byte>? body, string contentType, string accept)
    {
        // A server behind a path prefix keeps it.
        var address = new Uri(server.AbsoluteUri.TrimEnd('/') + pathAndQuery);
        var request = new HttpRequestMessage(method, address) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.TryAddWithoutValidation("User-Agent", _config.UserAgent);
        if (_config.BearerToken?.Invoke() is { Length: > 0 } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (body is { } bytes)
        {
            request.Content = new ReadOnlyMemoryContent(bytes);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return request;
    }

    /// <summary>Leaves a server for the next, unless another request has done so already.</summary>
    /// <returns>False when there is only one.</returns>
    private bool MoveOn(int from)
    {
        if (_servers.Length == 1) return false;
        Interlocked.CompareExchange(ref _current, (from + 1) % _servers.Length, from);
        return true;
    }

    private ServerUnreachableException Unreachable(Uri server, HttpMethod method, bool wasSent, Exception broken)
    {
        var origin = _config.Source.Length == 0 ? "" : $" (from {_config.Source})";
        if (broken is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError })
        {
            return new($"cannot make a secure connection to {server.GetLeftPart(UriPartial.Authority)}{origin}: {Innermost(broken)}; is the kubeconfig the one of this cluster?", false, broken);
        }

        if (wasSent)
        {
            var unknown = method == HttpMethod.Get ? "" : "; whether the change was made is not known, look before you repeat it";
            return new($"the connection to {server.GetLeftPart(UriPartial.Authority)} was lost: {Innermost(broken)}{unknown}", true, broken);
        }

        var servers = string.Join(", ", _servers.Select(one => one.GetLeftPart(UriPartial.Authority)));
        return new($"cannot reach {servers}{origin}: {Innermost(broken)}; is the server running?", false, broken);
    }

    private static string Innermost(Exception broken)
    {
        while (broken.InnerException is not null) broken = broken.InnerException;
        return broken.Message.TrimEnd('.');
    }

    // The handler words a connection that took too long as a cancellation; it is a server that cannot be reached.
    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "the connection took too long", late);
        }
    }

    private static bool IsConnectionFailure(HttpRequestException broken) =>
        broken.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
        || broken.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };

    private static TimeSpan? RetryAfter(HttpResponseMessage response, ApiStatus refusal)
    {
        var asked = response.Headers.RetryAfter?.Delta ?? (refusal.Details?.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
        return asked > RetryAfterMax ? RetryAfterMax : asked;
    }

    private static string Unquote(string text) => (text is ['"', .., '"'] ? text[1..^1] : text).Replace("\\\"", "\"", StringComparison.Ordinal).Replace(@"\\", @"\", StringComparison.Ordinal);

    private static SocketsHttpHandler NewHandler(ClientConfig config)
    {
        var handler = new SocketsHttpHandler
        {
            // Watches are many and long: they share connections over HTTP/2, and over 1.1 each has its own.
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // A peer that vanished without a word is noticed by unanswered pings, not by the next write.
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            UseProxy = !config.Servers.All(server => server.IsLoopback),
            AllowAutoRedirect = false,
            UseCookies = false,
        };
        var tls = handler.SslOptions;
        if (config.ServerName is not null) tls.TargetHost = config.ServerName;
        if (config.ClientCertificate is { } certificate)
        {
            tls.ClientCertificates = [certificate];
            // The server may not list our CA among those it accepts; the certificate is offered all the same.
            tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        if (config.SkipsServerVerification)
        {
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        }
        else if (config.CertificateAuthorities.Count > 0)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(config.CertificateAuthorities);
        }

        return handler;
    }
}
