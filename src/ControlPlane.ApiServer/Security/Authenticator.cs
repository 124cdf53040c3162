using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ControlPlane.Api.Errors;
using ControlPlane.ApiServer.Hosting;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Security;

/// <summary>Tells who a request comes from: a bearer token first, then the connection's client certificate, then nobody.</summary>
internal sealed class Authenticator
{
    private const string BearerPrefix = "Bearer ";
    private static readonly object CallerItem = new();

    private readonly X509Certificate2? _authority;

    // Keyed by the token's hash: looking one up compares no secret byte by byte.
    private readonly Dictionary<string, Caller> _tokens = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;

    public Authenticator(ApiServerOptions options)
    {
        _authority = options.ClientAuthority;
        _time = options.Time;
        foreach (var (token, caller) in options.Tokens) _tokens[Fingerprint(token)] = WithAuthenticated(caller);
    }

    /// <exception cref="ApiException">401: credentials were sent and are not good. None at all is <see cref="Caller.Anonymous"/>.</exception>
    public Caller Identify(HttpContext http)
    {
        var authorization = http.Request.Headers.Authorization.ToString();
        if (authorization.Length > 0) return ByToken(authorization);
        // A browser's WebSocket can carry no header; SignalR's clients put the token here.
        if (http.Request.Path.StartsWithSegments("/hubs") && http.Request.Query["access_token"].ToString() is { Length: > 0 } token) return ByToken(BearerPrefix + token);
        if (_authority is null || !http.Request.IsHttps) return Caller.Anonymous;

        // The certificate belongs to the connection, so its caller is worked out once a connection.
        var items = http.Features.Get<IConnectionItemsFeature>()?.Items;
        if (items is not null && items.TryGetValue(CallerItem, out var known) && known is Caller caller) return caller;
        caller = http.Connection.ClientCertificate is { } certificate ? ByCertificate(certificate) : Caller.Anonymous;
        if (items is not null) items[CallerItem] = caller;
        return caller;
    }

    /// <summary>Whether a certificate was issued by the cluster's CA and is valid now. Kestrel asks during the handshake.</summary>
    public bool IsTrusted(X509Certificate2 certificate)
    {
        if (_authority is null) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = _time.GetLocalNow().DateTime;
        return chain.Build(certificate);
    }

    private Caller ByToken(string authorization)
    {
        if (!authorization.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)) throw ApiErrors.Unauthorized();
        return _tokens.TryGetValue(Fingerprint(authorization[BearerPrefix.Length..].Trim()), out var caller) ? caller : throw ApiErrors.Unauthorized();
    }

    private static Caller ByCertificate(X509Certificate2 certificate)
    {
        var name = "";
        var groups = ImmutableArray.CreateBuilder<string>();
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements) continue;
            if (part.GetSingleElementType().Value == "2.5.4.3") name = part.GetSingleElementValue() ?? "";
            else if (part.GetSingleElementType().Value == "2.5.4.10" && part.GetSingleElementValue() is { } group) groups.Add(group);
        }

        return name.Length == 0 ? throw ApiErrors.Unauthorized("the client certificate names no user: its subject needs a CN") : WithAuthenticated(new Caller(name, groups.DrainToImmutable()));
    }

    private static Caller WithAuthenticated(Caller caller) =>
        caller.IsIn(Caller.Authenticated) ? caller : caller with { Groups = caller.Groups.Add(Caller.Authenticated) };

    private static string Fingerprint(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
