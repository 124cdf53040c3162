using System.Net;
using System.Text;

namespace ControlPlane.Tests.Client.Http;

/// <summary>Servers behind an <see cref="HttpMessageHandler"/>: what they answer is queued up by host, what they were asked is written down.</summary>
internal sealed class FakeServers : HttpMessageHandler
{
    private readonly Dictionary<string, Queue<Func<HttpResponseMessage>>> _answers = [];

    /// <summary><c>GET https://a/path</c>, in order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>The bodies and headers of the same requests.</summary>
    public List<(string Body, string ContentType, string Authorization)> Sent { get; } = [];

    public FakeServers Answer(string host, HttpStatusCode code, string body, TimeSpan? retryAfter = null, string? warning = null) => Enqueue(host, () =>
    {
        var response = new HttpResponseMessage(code) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (retryAfter is { } pause) response.Headers.RetryAfter = new(pause);
        if (warning is not null) response.Headers.TryAddWithoutValidation("Warning", $"299 - \"{warning}\"");
        return response;
    });

    public FakeServers AnswerStream(string host, Stream body) => Enqueue(host, () => new(HttpStatusCode.OK) { Content = new StreamContent(body) });

    public FakeServers Refuse(string host) => Enqueue(host, () => throw new HttpRequestException(HttpRequestError.ConnectionError, "connection refused"));

    public FakeServers Cut(string host) => Enqueue(host, () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "response ended"));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Asked.Add($"{request.Method} {request.RequestUri}");
        Sent.Add((
            request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken),
            request.Content?.Headers.ContentType?.ToString() ?? "",
            request.Headers.Authorization?.ToString() ?? ""));
        return _answers.TryGetValue(request.RequestUri!.Host, out var queue) && queue.TryDequeue(out var answer)
            ? answer()
            : throw new InvalidOperationException($"nothing queued for {request.RequestUri.Host}");
    }

    private FakeServers Enqueue(string host, Func<HttpResponseMessage> answer)
    {
        if (!_answers.TryGetValue(host, out var queue)) _answers[host] = queue = new();
        queue.Enqueue(answer);
        return this;
    }
}

/// <summary>A stream that hands out its bytes in pieces of a given size.</summary>
internal sealed class PiecewiseStream(byte[] bytes, int pieceSize) : MemoryStream(bytes)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceSize)], cancellationToken);
}
