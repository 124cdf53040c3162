using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Etcd.Client;
using ControlPlane.Replica;
using ControlPlane.Security;

namespace ControlPlane.Hosting;

/// <summary>The store that a server runs on, as its settings say: one of our own, or an existing etcd.</summary>
/// <param name="Store">What everything above it uses.</param>
/// <param name="Member">The same as a member of a group of our own; null on etcd, whose members are its operator's.</param>
internal sealed record OpenedStore(IReplicatedStore Store, ReplicaHost? Member) : IAsyncDisposable
{
    private static readonly Task<string> Never = new TaskCompletionSource<string>().Task;

    /// <summary>Completes, with the reason, when this member has no part in its group any more; never on etcd.</summary>
    public Task<string> Expelled => Member?.Expelled ?? Never;

    /// <exception cref="CommandException">The data folder or a file of credentials cannot be used, or a port is taken; the message says what to do.</exception>
    public static async Task<OpenedStore> OpenAsync(ServerSettings settings, ClusterIdentity identity, ConsoleLog log, CancellationToken cancellationToken)
    {
        if (settings.Etcd is { } etcd) return new OpenedStore(await EtcdStore.OpenAsync(OptionsOf(settings, etcd, log), cancellationToken), null);
        var member = await OpenMemberAsync(settings, identity, log, cancellationToken);
        return new OpenedStore(member, member);
    }

    public ValueTask DisposeAsync() => ((IAsyncDisposable)Store).DisposeAsync();

    private static async Task<ReplicaHost> OpenMemberAsync(ServerSettings settings, ClusterIdentity identity, ConsoleLog log, CancellationToken cancellationToken)
    {
        try
        {
            var usual = new ReplicaOptions
            {
                Name = settings.Name,
                DataDirectory = Path.Combine(settings.DataFolder, "store"),
                InitialCluster = settings.Members ?? (settings.Join is null ? [new PeerAddress(settings.Name, settings.PeerListen ?? "127.0.0.1:0")] : []),
                Join = settings.Join ?? [],
                PeerListen = settings.PeerListen,
                PeerAdvertise = settings.PeerAdvertise,
                Tls = new PeerTls(identity.Server.ToCertificate(), [identity.Authority]),
                Notice = log.Write,
                QuotaBytes = settings.QuotaBytes,
            };
            var snapshotEntries = settings.SnapshotEntries ?? usual.SnapshotEntries;
            return await ReplicaHost.OpenAsync(usual with
            {
                HistoryDuration = settings.HistoryDuration ?? usual.HistoryDuration,
                SnapshotEntries = snapshotEntries,
                // More entries kept than lie between two snapshots would only be replayed.
                KeptEntries = (int)Math.Min(usual.KeptEntries, snapshotEntries),
            }, cancellationToken);
        }
        catch (UnusableDataDirectoryException unusable)
        {
            throw new CommandException(unusable.Message);
        }
        catch (SocketException taken)
        {
            throw new CommandException($"cannot listen for other servers on {settings.PeerListen}: {taken.Message}. Choose another --peer-listen, or stop who uses it.");
        }
    }

    private static EtcdStoreOptions OptionsOf(ServerSettings settings, EtcdSettings etcd, ConsoleLog log)
    {
        var usual = new EtcdStoreOptions
        {
            Endpoints = etcd.Servers,
            Name = settings.Name,
            Address = settings.Advertise ?? settings.Listen.ToString(),
            Credentials = CredentialsOf(etcd),
            Notice = log.Write,
        };
        return usual with
        {
            Prefix = etcd.Prefix ?? usual.Prefix,
            HistoryDuration = settings.HistoryDuration is { } history ? history > TimeSpan.Zero ? history : null : usual.HistoryDuration,
        };
    }

    private static EtcdCredentials? CredentialsOf(EtcdSettings etcd)
    {
        if (etcd.Servers[0].Scheme != Uri.UriSchemeHttps) return null;
        var authorities = new X509Certificate2Collection();
        var reading = etcd.CaFile;
        try
        {
            if (etcd.CaFile is not null) authorities.ImportFromPemFile(etcd.CaFile);
            reading = etcd.CertFile;
            return new EtcdCredentials(authorities, etcd.CertFile is null ? null : X509Certificate2.CreateFromPemFile(etcd.CertFile, etcd.KeyFile));
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot use {reading} for etcd: {unusable.Message} Give PEM files with --etcd-cafile, --etcd-certfile and --etcd-keyfile.");
        }
    }
}
