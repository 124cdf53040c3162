using System.Net;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;
using Microsoft.Extensions.Logging;

namespace ControlPlane.ApiServer.Hosting;

/// <summary>What the executable decides for an API server.</summary>
public sealed record ApiServerOptions
{
    /// <summary>Where to listen; port 0 is any free port.</summary>
    public required IReadOnlyList<IPEndPoint> Listen { get; init; }

    /// <summary>With its private key. Null serves plain HTTP, where only tokens identify a caller: for tests.</summary>
    public X509Certificate2? ServerCertificate { get; init; }

    /// <summary>The CA whose client certificates are believed: CN is the user, every O a group. Null: none are.</summary>
    public X509Certificate2? ClientAuthority { get; init; }

    /// <summary>Answered at <c>/cacerts</c>, so that an agent with a join token can pin the CA.</summary>
    public string? AuthorityPem { get; init; }

    /// <summary>Bearer tokens and who holds them.</summary>
    public IReadOnlyDictionary<string, Caller> Tokens { get; init; } = new Dictionary<string, Caller>();

    /// <summary>Decides what a caller may do.</summary>
    public IAuthorizer Authorizer { get; init; } = new GroupAuthorizer();

    /// <summary>Without it, YAML is answered with 415 and 406.</summary>
    public IYamlCodec? Yaml { get; init; }

    /// <summary><c>host:port</c> that agents and clients reach this server at; null: the first bound address.</summary>
    public string? AdvertisedAddress { get; init; }

    /// <summary>How long <see cref="ApiServerHost.StopAsync"/> lets requests finish; watches end at once.</summary>
    public TimeSpan DrainPatience { get; init; } = TimeSpan.FromSeconds(5);

    public ResourceRegistry Registry { get; init; } = ResourceRegistry.BuiltIn;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IdSource Ids { get; init; } = new();

    /// <summary>Null: silent.</summary>
    public ILoggerFactory? Logging { get; init; }
}
