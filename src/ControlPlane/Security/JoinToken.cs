using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Client.Configuration;

namespace ControlPlane.Security;

/// <summary><c>fingerprint.secret</c>: recognises a cluster before telling it the secret (docs/adr/0006).</summary>
internal sealed record JoinToken(string Fingerprint, string Secret)
{
    private static readonly TimeSpan FetchPatience = TimeSpan.FromSeconds(10);

    /// <exception cref="CommandException">Not a join token.</exception>
    public static JoinToken Parse(string text)
    {
        var dot = text.IndexOf('.');
        return dot == 64 && text.Length > 65 && text[..64].All(char.IsAsciiHexDigitLower)
            ? new(text[..64], text[65..])
            : throw new CommandException("--token is not a join token; `controlplane init` prints it, and it lies in DIR/pki/join-token of every server");
    }

    /// <summary>How to reach the cluster, once its CA has been recognised.</summary>
    /// <param name="servers">One URL or several, separated by commas.</param>
    /// <exception cref="CommandException">Nobody answers, or a stranger does.</exception>
    public async Task<ClientConfig> RecogniseAsync(string servers, CancellationToken cancellationToken)
    {
        var config = ClientConfig.ForToken(servers, Secret);
        using var handler = new SocketsHttpHandler
        {
            // Not trusted, only listened to: what it says is compared with the fingerprint.
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
            ConnectTimeout = FetchPatience,
        };
        using var http = new HttpClient(handler) { Timeout = FetchPatience };
        var problems = new List<string>();
        foreach (var server in config.Servers)
        {
            try
            {
                var pem = await http.GetStringAsync(new Uri(server, "/cacerts"), cancellationToken);
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPem(pem);
                var recognised = authorities.FirstOrDefault(authority => Convert.ToHexStringLower(SHA256.HashData(authority.RawData)) == Fingerprint);
                if (recognised is not null) return ClientConfig.ForToken(servers, Secret, [recognised]);
                problems.Add($"{server} belongs to another cluster than the token");
            }
            catch (Exception exception) when (exception is HttpRequestException or CryptographicException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
            {
                problems.Add($"{server}: {exception.Message}");
            }
        }

        throw new CommandException($"cannot join: {string.Join("; ", problems)}");
    }
}
