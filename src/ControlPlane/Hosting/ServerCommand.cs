using System.CommandLine;
using ControlPlane.Api.Quantities;
using ControlPlane.Commands;
using ControlPlane.Replica;
using ControlPlane.Security;

namespace ControlPlane.Hosting;

/// <summary><c>controlplane server</c>: one server of a cluster.</summary>
internal static class ServerCommand
{
    private static readonly string[] Known = ["name", "data", "listen", "advertise", "peer-listen", "initial-cluster", "join", "dashboard-listen", "etcd-listen", "etcd-tls", "etcd-servers", "etcd-prefix", "etcd-cafile", "etcd-certfile", "etcd-keyfile", "quota", "history", "peer-advertise", "snapshot-entries"];

    public static Command Create()
    {
        var name = Settings.Flag("--name", "NAME", "This server's name in --initial-cluster, such as s1.");
        var data = Settings.Flag("--data", "DIR", "A copy of the folder `controlplane init` made; the log is kept there too.");
        var listen = Settings.Flag("--listen", "HOST:PORT", "Where to serve the API (default 127.0.0.1:6443).");
        var advertise = Settings.Flag("--advertise", "HOST:PORT", "Address at which agents reach this server, when --listen is not one (0.0.0.0).");
        var peerListen = Settings.Flag("--peer-listen", "HOST:PORT", "Where the other servers reach this one.");
        var cluster = Settings.Flag("--initial-cluster", "NAME=HOST:PORT,…", "Every first server with its peer address, the same on all of them.");
        var join = Settings.Flag("--join", "NAME=HOST:PORT,…", "Servers of a running cluster that this one was added to (`controlplane member add`); needed at its first start only.");
        var dashboard = Settings.Flag("--dashboard-listen", "HOST:PORT", "Where to serve the dashboard; without it there is none.");
        var etcd = Settings.Flag("--etcd-listen", "HOST:PORT", "Where to serve the store to etcd's clients (v3 protocol); without it, nowhere. Open to whoever reaches it: use loopback, or --etcd-tls.");
        var etcdTls = Settings.Flag("--etcd-tls", "true|false", "Serve etcd's clients with TLS, and only those with an administrator's certificate of this cluster (pki/admin.crt).");
        var etcdServers = Settings.Flag("--etcd-servers", "URL,…", "Keep everything on this existing etcd cluster instead of a log of our own; the servers that share it elect one of them to lead.");
        var etcdPrefix = Settings.Flag("--etcd-prefix", "KEY", "What every key of ours on that etcd begins with (default /controlplane/).");
        var etcdCa = Settings.Flag("--etcd-cafile", "FILE", "PEM of the authorities of that etcd's certificate.");
        var etcdCertificate = Settings.Flag("--etcd-certfile", "FILE", "PEM of the certificate to show to that etcd.");
        var etcdKey = Settings.Flag("--etcd-keyfile", "FILE", "PEM of the key of --etcd-certfile.");
        var quota = Settings.Flag("--quota", "BYTES", "What all keys and values may have together, such as 4Gi; the leader's counts for all servers (at first 2Gi).");
        var history = Settings.Flag("--history", "DURATION", "How long old revisions can be watched and listed (default 10m).");
        var peerAdvertise = Settings.Flag("--peer-advertise", "HOST:PORT", "Where the other servers reach this one, when --peer-listen is not an address (0.0.0.0).");
        var snapshotEntries = Settings.Flag("--snapshot-entries", "N", "A snapshot of the store is written, and the log before it cut, after so many entries (default 100000).");
        var config = Settings.Flag("--config", "FILE", "YAML file of settings, each named like its flag: `listen: 0.0.0.0:6443`. Flags and CONTROLPLANE_… variables win.");
        var command = new TaughtCommand("server", "Run one server of a cluster (1, 3, 5 or 7 of them).",
            """
            controlplane server --name s1 --data s1                       # a cluster of one
            controlplane server --name s1 --data s1 --listen 10.0.0.1:6443 --peer-listen 10.0.0.1:7000 \
              --initial-cluster s1=10.0.0.1:7000,s2=10.0.0.2:7000,s3=10.0.0.3:7000
            controlplane server --name s4 --data s4 --listen 10.0.0.4:6443 --peer-listen 10.0.0.4:7000 --join s1=10.0.0.1:7000
            controlplane server --name s1 --data s1 --etcd-servers http://10.0.0.1:2379,http://10.0.0.2:2379,http://10.0.0.3:2379
            controlplane server --config /etc/controlplane.yaml
            """) { name, data, listen, advertise, peerListen, cluster, join, dashboard, etcd, etcdTls, etcdServers, etcdPrefix, etcdCa, etcdCertificate, etcdKey, quota, history, peerAdvertise, snapshotEntries, config };
        command.SetAction(async (result, stop) =>
        {
            var settings = Settings.Read(result.GetValue(config), Known);
            string? Value(Option<string?> option) => settings.Text(option.Name.TrimStart('-'), result.GetValue(option));
            var members = Value(cluster) is { } text ? Members(text, "--initial-cluster") : null;
            var chosen = new ServerSettings(
                settings.Required("name", result.GetValue(name)),
                settings.Required("data", result.GetValue(data)),
                Addresses.ToListen(Value(listen) ?? "127.0.0.1:6443", "--listen"),
                Value(advertise),
                Value(peerListen),
                members)
            {
                Join = Value(join) is { } known ? Members(known, "--join") : null,
                DashboardListen = Value(dashboard) is { } board ? Addresses.ToListen(board, "--dashboard-listen") : null,
                EtcdListen = Value(etcd) is { } face ? Addresses.ToListen(face, "--etcd-listen") : null,
                HasEtcdTls = Value(etcdTls) is { } tls && YesOrNo(tls, "--etcd-tls"),
                Etcd = EtcdSettings.Of(Value(etcdServers), Value(etcdPrefix), Value(etcdCa), Value(etcdCertificate), Value(etcdKey)),
                QuotaBytes = Value(quota) is { } bytes ? Bytes(bytes) : null,
                PeerAdvertise = Value(peerAdvertise),
                SnapshotEntries = Value(snapshotEntries) is { } entries ? Count(entries, "--snapshot-entries") : null,
                HistoryDuration = Value(history) is { } kept ? Durations.Parse(kept, "--history") : null,
            };
            return await RunAsync(Checked(EtcdSettings.Checked(chosen)), stop);
        });
        return command;
    }

    private static async Task<int> RunAsync(ServerSettings settings, CancellationToken stop)
    {
        var log = new ConsoleLog(Console.Error);
        await using var server = await ServerHost.StartAsync(settings, log, stop);
        Console.Out.WriteLine($"Ready: {server.Url} in {ServerHost.SinceProcessStart().TotalSeconds:0.0} s");
        if (server.DashboardLogin is { } login) Console.Out.WriteLine($"Dashboard: {login}");
        if (server.EtcdUrl is { } etcd) Console.Out.WriteLine($"etcd: {etcd.GetLeftPart(UriPartial.Authority)}");
        await server.RunUntilAsync(stop);
        log.Write("stopping (Ctrl-C again stops at once)");
        return CommandTree.Done;
    }

    private static bool YesOrNo(string text, string flag) =>
        bool.TryParse(text, out var value) ? value : throw new UsageException($"{flag}: \"{text}\" is neither true nor false");

    private static long Count(string text, string flag) =>
        long.TryParse(text, out var value) && value > 0 ? value : throw new UsageException($"{flag}: \"{text}\" is not a whole number above 0");

    private static long Bytes(string text)
    {
        if (Quantity.TryParse(text, out var quantity) && quantity.Value > 0) return quantity.Value;
        throw new UsageException($"--quota: \"{text}\" is not a number of bytes above 0; write it like 4Gi, 500Mi or 8000000000");
    }

    private static IReadOnlyList<PeerAddress> Members(string text, string flag)
    {
        try
        {
            return PeerAddress.ParseList(text);
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"{flag}: {wrong.Message}");
        }
    }

    private static ServerSettings Checked(ServerSettings settings)
    {
        if (settings.Members is not null && settings.Join is not null) throw new UsageException("--initial-cluster makes a cluster, --join enters one: give one of them");
        if (settings.Join is not null && settings.PeerListen is null) throw new UsageException("--peer-listen is required with --join: the other servers call this one");
        if (settings.Join is not null) RequireIdentity(settings);
        if (settings.Members is not { } members)
        {
            if (settings.Join is null && settings.PeerListen is { } open && (open.StartsWith("0.0.0.0:", StringComparison.Ordinal) || open.StartsWith("[::]:", StringComparison.Ordinal)))
            {
                throw new UsageException($"others cannot reach {open}: name this server with --initial-cluster {settings.Name}=HOST:PORT beside --peer-listen");
            }

            return settings;
        }

        if (members.All(member => member.Name != settings.Name))
        {
            throw new UsageException($"--initial-cluster does not name this server, \"{settings.Name}\"; it names {string.Join(", ", members.Select(member => member.Name))}");
        }

        if (members.Count > 1 && settings.PeerListen is null) throw new UsageException("--peer-listen is required when --initial-cluster names other servers");
        if (members.Count > 1) RequireIdentity(settings);
        return settings;
    }

    private static void RequireIdentity(ServerSettings settings)
    {
        if (!ClusterIdentity.ExistsIn(settings.DataFolder))
        {
            throw new CommandException($"{settings.DataFolder}/pki is missing: servers of one cluster share one identity. Make it once with `controlplane init --data DIR`, and start each server on a copy.");
        }
    }
}
