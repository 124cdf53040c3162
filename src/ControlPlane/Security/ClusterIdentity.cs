using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ControlPlane.Security;

/// <summary>The folder <c>pki</c> of a data directory: the CA, the server's certificate, the administrator's, and the join token of agents.
/// Made by <c>init</c> or by the first <c>dev</c>; every server of a cluster starts on a copy.</summary>
internal sealed class ClusterIdentity
{
    // Renewed at a start within 30 days of expiry: a yearly certificate never surprises who restarts monthly.
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder;
    private readonly CertificateAuthority _authority;
    private readonly TimeProvider _time;

    private ClusterIdentity(string folder, CertificateAuthority authority, IssuedCertificate server, IssuedCertificate admin, string joinToken, TimeProvider time)
    {
        _folder = folder;
        _authority = authority;
        _time = time;
        Server = server;
        Admin = admin;
        JoinToken = joinToken;
    }

    /// <summary>Serves HTTPS, and identifies a member towards other members.</summary>
    public IssuedCertificate Server { get; }

    /// <summary>The administrator, group <c>system:masters</c>.</summary>
    public IssuedCertificate Admin { get; }

    /// <summary><c>CA fingerprint.secret</c>: an agent that holds it recognises the cluster and is recognised by it.</summary>
    public string JoinToken { get; }

    public string AuthorityPem => _authority.CertificatePem;

    public X509Certificate2 Authority => X509Certificate2.CreateFromPem(_authority.CertificatePem);

    public static bool ExistsIn(string dataFolder) => File.Exists(Path.Combine(dataFolder, "pki", "ca.crt"));

    /// <summary>Opens the identity in <paramref name="dataFolder"/>, or makes one. What nears its expiry, or lacks one of
    /// <paramref name="hosts"/>, is issued anew.</summary>
    /// <exception cref="CommandException">A file is missing or unreadable; the message says which and what to do.</exception>
    public static ClusterIdentity OpenOrCreate(string dataFolder, IReadOnlyCollection<string> hosts, TimeProvider time)
    {
        var folder = Path.Combine(dataFolder, "pki");
        if (!ExistsIn(dataFolder)) Create(folder, time);
        return Open(folder, hosts, time);
    }

    /// <summary>A client certificate for a node, signed now and not kept.</summary>
    public IssuedCertificate IssueNode(string nodeName) => _authority.IssueClient($"system:node:{nodeName}", "system:nodes", _time.GetUtcNow());

    private static void Create(string folder, TimeProvider time)
    {
        // Written beside and renamed, so that a crash leaves either nothing or everything.
        var beside = folder + ".new";
        if (Directory.Exists(beside)) Directory.Delete(beside, true);
        Directory.CreateDirectory(beside, OwnerOnly | UnixFileMode.UserExecute);
        var authority = CertificateAuthority.Create(time.GetUtcNow());
        Write(Path.Combine(beside, "ca.crt"), authority.CertificatePem);
        Write(Path.Combine(beside, "ca.key"), authority.KeyPem);
        Write(Path.Combine(beside, "join-token"), $"{authority.Fingerprint}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}");
        Directory.Move(beside, folder);
    }

    private static ClusterIdentity Open(string folder, IReadOnlyCollection<string> hosts, TimeProvider time)
    {
        CertificateAuthority authority;
        try
        {
            authority = CertificateAuthority.Load(Read(folder, "ca.crt"), Read(folder, "ca.key"));
        }
        catch (CryptographicException exception)
        {
            throw new CommandException($"{folder}/ca.crt and ca.key do not fit together: {exception.Message}. Restore both from the same `controlplane init`.");
        }

        var now = time.GetUtcNow();
        var kept = OpenIfCurrent(folder, "server", now);
        var names = WithUsualNames(hosts);
        if (kept is null || !Covers(kept, names))
        {
            if (kept is not null) names = names.Union(HostsOf(kept), StringComparer.OrdinalIgnoreCase).ToList();
            kept = authority.IssueServer("controlplane", names, now);
            Write(folder, "server", kept);
        }

        var admin = OpenIfCurrent(folder, "admin", now);
        if (admin is null)
        {
            admin = authority.IssueClient("kubernetes-admin", "system:masters", now);
            Write(folder, "admin", admin);
        }

        return new(folder, authority, kept, admin, Read(folder, "join-token").Trim(), time);
    }

    private static List<string> WithUsualNames(IEnumerable<string> hosts) =>
        [.. hosts.Where(host => host is not ("0.0.0.0" or "::")), "localhost", "127.0.0.1", "::1", Dns.GetHostName(), "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

    private static bool Covers(IssuedCertificate issued, List<string> names)
    {
        var covered = HostsOf(issued).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return names.All(covered.Contains);
    }

    private static IEnumerable<string> HostsOf(IssuedCertificate issued)
    {
        using var certificate = issued.ToCertificate();
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is null ? [] : names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())).ToList();
    }

    private static IssuedCertificate? OpenIfCurrent(string folder, string name, DateTimeOffset now)
    {
        if (!File.Exists(Path.Combine(folder, name + ".crt")) || !File.Exists(Path.Combine(folder, name + ".key"))) return null;
        var issued = new IssuedCertificate(Read(folder, name + ".crt"), Read(folder, name + ".key"));
        try
        {
            using var certificate = issued.ToCertificate();
            return certificate.NotAfter - RenewBefore > now.LocalDateTime ? issued : null;
        }
        catch (CryptographicException exception)
        {
            throw new CommandException($"{folder}/{name}.crt and {name}.key do not fit together: {exception.Message}. Delete both; they are issued anew at the next start.");
        }
    }

    private static string Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot read {Path.Combine(folder, file)}: {exception.Message}. It is made by `controlplane init --data DIR`; every server starts on a copy of that folder.");
        }
    }

    private static void Write(string folder, string name, IssuedCertificate issued)
    {
        Write(Path.Combine(folder, name + ".key"), issued.KeyPem);
        Write(Path.Combine(folder, name + ".crt"), issued.CertificatePem);
    }

    private static void Write(string path, string text)
    {
        // Secrets from the first byte: the mode is set at creation, never after.
        using var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        using var writer = new StreamWriter(stream);
        writer.Write(text);
        if (!text.EndsWith('\n')) writer.Write('\n');
    }

    public override string ToString() => _folder;
}
