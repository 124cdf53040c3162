using ControlPlane.Commands;

namespace ControlPlane.Hosting;

/// <summary>An existing etcd cluster that keeps the store instead of this server.</summary>
/// <param name="Servers">Client URLs, all <c>http</c> or all <c>https</c>; at least one.</param>
/// <param name="Prefix">Null: the usual.</param>
/// <param name="CaFile">PEM; who may have signed etcd's certificate. Null: whom this machine trusts.</param>
/// <param name="CertFile">PEM; shown to etcd. Null: none.</param>
/// <param name="KeyFile">PEM; the key of <paramref name="CertFile"/>.</param>
internal sealed record EtcdSettings(IReadOnlyList<Uri> Servers, string? Prefix, string? CaFile, string? CertFile, string? KeyFile)
{
    /// <returns>Null when <paramref name="servers"/> is.</returns>
    /// <exception cref="UsageException">Says which flag is wrong.</exception>
    public static EtcdSettings? Of(string? servers, string? prefix, string? caFile, string? certFile, string? keyFile)
    {
        if (servers is null)
        {
            if (prefix is not null) throw new UsageException("--etcd-prefix says where on an existing etcd things are kept: name it with --etcd-servers");
            if ((caFile ?? certFile ?? keyFile) is not null) throw new UsageException("--etcd-cafile, --etcd-certfile and --etcd-keyfile are for an existing etcd: name it with --etcd-servers");
            return null;
        }

        var urls = servers.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ToUrl).ToList();
        if (urls.Count == 0) throw new UsageException("--etcd-servers names no server; give URLs such as http://10.0.0.1:2379, separated by commas");
        if (urls.Select(url => url.Scheme).Distinct().Count() > 1) throw new UsageException("--etcd-servers mixes http and https; the servers of one etcd cluster speak one of both");
        if (urls[0].Scheme == Uri.UriSchemeHttp && (caFile ?? certFile ?? keyFile) is not null) throw new UsageException("--etcd-cafile, --etcd-certfile and --etcd-keyfile are for https URLs in --etcd-servers");
        if (certFile is null != keyFile is null) throw new UsageException("--etcd-certfile and --etcd-keyfile belong together; give both or neither");
        if (prefix is { Length: 0 }) throw new UsageException("--etcd-prefix is empty; give something like /controlplane/");
        return new EtcdSettings(urls, prefix, caFile, certFile, keyFile);
    }

    /// <exception cref="UsageException">The settings are for a store of our own, but etcd is to keep it.</exception>
    public static ServerSettings Checked(ServerSettings settings)
    {
        if (settings.Etcd is null) return settings;
        if ((settings.Members ?? settings.Join) is not null || (settings.PeerListen ?? settings.PeerAdvertise) is not null)
        {
            throw new UsageException("--etcd-servers contradicts --initial-cluster, --join, --peer-listen and --peer-advertise: on etcd, servers find each other there");
        }

        if (settings.SnapshotEntries is not null) throw new UsageException("--etcd-servers contradicts --snapshot-entries: start etcd with --snapshot-count");

        if (settings.EtcdListen is not null) throw new UsageException("--etcd-servers contradicts --etcd-listen: point etcd's clients at etcd itself");
        if (settings.QuotaBytes is not null) throw new UsageException("--etcd-servers contradicts --quota: start etcd with --quota-backend-bytes");
        return settings;
    }

    private static Uri ToUrl(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) && url.PathAndQuery == "/" && url.UserInfo.Length == 0) return url;
        throw new UsageException($"--etcd-servers: \"{text}\" is not a URL like http://10.0.0.1:2379");
    }
}
