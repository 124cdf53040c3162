using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace ControlPlane.Client.Configuration;

/// <summary>All a client must know to talk to a cluster. The certificates belong to whoever made the value.</summary>
public sealed record ClientConfig
{
    /// <summary>The servers, any of which can answer; tried in order, the last good one first. At least one.</summary>
    public required ImmutableArray<Uri> Servers { get; init; }

    /// <summary>Who may have signed the servers' certificates; empty: the machine's roots.</summary>
    public X509Certificate2Collection CertificateAuthorities { get; init; } = [];

    /// <summary>With its private key, or null.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Asked for each request, so that a token file may be renewed; null: no token.</summary>
    public Func<string>? BearerToken { get; init; }

    /// <summary>Accepts any server certificate. Only ever because the user's file says so.</summary>
    public bool SkipsServerVerification { get; init; }

    /// <summary>The name expected in the servers' certificates, when it is not the host of the URL.</summary>
    public string? ServerName { get; init; }

    /// <summary>For commands that name none.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>What to call the place this came from, in errors.</summary>
    public string Source { get; init; } = "";

    /// <summary>Sent as <c>User-Agent</c>.</summary>
    public string UserAgent { get; init; } = "controlplane";

    /// <summary>A cluster reached by address and token, as agents join one.</summary>
    /// <param name="servers">One URL or several, separated by commas.</param>
    /// <exception cref="KubeConfigException">Not URLs.</exception>
    public static ClientConfig ForToken(string servers, string token, X509Certificate2Collection? authorities = null) => new()
    {
        Servers = ParseServers(servers, "--server"),
        BearerToken = () => token,
        CertificateAuthorities = authorities ?? [],
        Source = "--server",
    };

    internal static ImmutableArray<Uri> ParseServers(string servers, string source)
    {
        var parsed = ImmutableArray.CreateBuilder<Uri>();
        foreach (var text in servers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var withScheme = text.Contains("://", StringComparison.Ordinal) ? text : $"https://{text}";
            if (!Uri.TryCreate(withScheme, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Host.Length == 0)
            {
                throw new KubeConfigException($"{source}: \"{text}\" is not a server address; write it as https://host:port");
            }

            parsed.Add(uri);
        }

        if (parsed.Count == 0) throw new KubeConfigException($"{source}: no server address; write it as https://host:port");
        return parsed.ToImmutable();
    }
}
