using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Client.Yaml;

namespace ControlPlane.Client.Configuration;

/// <summary>A kubeconfig file, or several merged as kubectl merges them: the first to name something wins. Immutable.</summary>
public sealed class KubeConfig
{
    /// <summary>Where several servers of one cluster are written: kubectl knows one address a cluster and leaves extensions alone.</summary>
    public const string ServersExtension = "controlplane.dev/servers";

    private readonly ImmutableArray<(string File, JsonObject Document)> _files;

    private KubeConfig(ImmutableArray<(string, JsonObject)> files) => _files = files;

    /// <summary>The name of the context in use, "" when none is set.</summary>
    public string CurrentContext => _files.Select(file => Text(file.Document, "current-context")).FirstOrDefault(name => name.Length > 0) ?? "";

    /// <summary>The names of all contexts.</summary>
    public IEnumerable<string> Contexts => Named("contexts").Select(entry => Text(entry.Entry, "name")).Distinct();

    /// <summary>The file or files that <see cref="Load"/> reads: the one named, else those in <c>KUBECONFIG</c>, else <c>~/.kube/config</c>.</summary>
    public static IReadOnlyList<string> PathsFor(string? explicitPath)
    {
        if (!string.IsNullOrEmpty(explicitPath)) return [explicitPath];
        var listed = Environment.GetEnvironmentVariable("KUBECONFIG")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [];
        return listed.Length > 0 ? listed : [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config")];
    }

    /// <summary>Reads the kubeconfig in effect.</summary>
    /// <param name="explicitPath">From <c>--kubeconfig</c>, or null.</param>
    /// <exception cref="KubeConfigException">No file, or a broken one.</exception>
    public static KubeConfig Load(string? explicitPath = null)
    {
        var paths = PathsFor(explicitPath);
        // Of a list in KUBECONFIG some files may be missing, as with kubectl; a file named alone must be there.
        var found = paths.Where(File.Exists).ToList();
        if (found.Count == 0)
        {
            throw new KubeConfigException(
                $"no kubeconfig at {string.Join(", ", paths)}: `controlplane dev` writes one and prints the line `export KUBECONFIG=...` to use it; or pass --kubeconfig FILE");
        }

        return new([.. found.Select(path => (path, Parse(ReadFile(path), path)))]);
    }

    /// <summary>Reads one kubeconfig from text.</summary>
    /// <param name="file">How to name it in errors; files it names are found beside it.</param>
    public static KubeConfig FromText(string yaml, string file) => new([(file, Parse(Encoding.UTF8.GetBytes(yaml), file))]);

    /// <summary>What a client needs, for a context.</summary>
    /// <param name="context">Null: the current one.</param>
    /// <exception cref="KubeConfigException">Something named is missing or unreadable.</exception>
    public ClientConfig Resolve(string? context = null)
    {
        var name = string.IsNullOrEmpty(context) ? CurrentContext : context;
        var where = string.Join(", ", _files.Select(file => file.File));
        if (name.Length == 0)
        {
            throw new KubeConfigException($"{where}: no current-context is set; choose one with `kubectl config use-context NAME` (there are: {Listed(Contexts)})");
        }

        var found = Find("contexts", name, "context") ?? throw new KubeConfigException($"{where}: context \"{name}\" does not exist; there are: {Listed(Contexts)}");
        var clusterName = Text(found.Body, "cluster");
        var userName = Text(found.Body, "user");
        var cluster = Find("clusters", clusterName, "cluster")
            ?? throw new KubeConfigException($"{found.File}: context \"{name}\" names cluster \"{clusterName}\", which does not exist; add it under clusters or correct the context");
        var user = userName.Length == 0 ? ((string File, JsonObject Body)?)null : Find("users", userName, "user")
            ?? throw new KubeConfigException($"{found.File}: context \"{name}\" names user \"{userName}\", which does not exist; add it under users or correct the context");
        var @namespace = Text(found.Body, "namespace");
        return new()
        {
            Servers = ServersOf(cluster.File, clusterName, cluster.Body),
            CertificateAuthorities = AuthoritiesOf(cluster.File, clusterName, cluster.Body),
            SkipsServerVerification = cluster.Body["insecure-skip-tls-verify"]?.GetValueKind() == System.Text.Json.JsonValueKind.True,
            ServerName = Text(cluster.Body, "tls-server-name") is { Length: > 0 } serverName ? serverName : null,
            ClientCertificate = user is null ? null : CertificateOf(user.Value.File, userName, user.Value.Body),
            BearerToken = user is null ? null : TokenOf(user.Value.File, userName, user.Value.Body),
            Namespace = @namespace.Length > 0 ? @namespace : "default",
            Source = $"context \"{name}\" in {found.File}",
        };
    }

    private static JsonObject Parse(byte[] utf8, string file)
    {
        IReadOnlyList<ManifestDocument> documents;
        try
        {
            documents = YamlDocuments.Read(utf8, file);
        }
        catch (ManifestException broken)
        {
            throw new KubeConfigException($"kubeconfig {broken.Message}", broken);
        }

        // kubectl writes an empty file for an empty configuration.
        if (documents.Count == 0) return [];
        return documents[0].Root as JsonObject ?? throw new KubeConfigException($"{file}: not a kubeconfig: it should hold the fields clusters, users and contexts");
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException($"{path}: cannot be read: {broken.Message}", broken);
        }
    }

    private IEnumerable<(string File, JsonObject Entry)> Named(string list) =>
        _files.SelectMany(file => (file.Document[list] as JsonArray ?? []).OfType<JsonObject>().Select(entry => (file.File, entry)));

    private (string File, JsonObject Body)? Find(string list, string name, string body)
    {
        foreach (var (file, entry) in Named(list))
        {
            if (Text(entry, "name") == name) return (file, entry[body] as JsonObject ?? []);
        }

        return null;
    }

    private static ImmutableArray<Uri> ServersOf(string file, string name, JsonObject cluster)
    {
        foreach (var extension in (cluster["extensions"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (Text(extension, "name") != ServersExtension || extension["extension"]?["servers"] is not JsonArray servers) continue;
            return ClientConfig.ParseServers(string.Join(',', servers.Select(server => server?.ToString())), $"{file}: cluster \"{name}\"");
        }

        return ClientConfig.ParseServers(Text(cluster, "server"), $"{file}: cluster \"{name}\"");
    }

    private static X509Certificate2Collection AuthoritiesOf(string file, string name, JsonObject cluster)
    {
        var authorities = new X509Certificate2Collection();
        if (Material(file, cluster, "certificate-authority", $"cluster \"{name}\"") is not { } pem) return authorities;
        try
        {
            authorities.ImportFromPem(pem);
        }
        catch (CryptographicException broken)
        {
            throw new KubeConfigException($"{file}: cluster \"{name}\": certificate-authority is not a PEM certificate: {broken.Message}", broken);
        }

        return authorities;
    }

    private static X509Certificate2? CertificateOf(string file, string name, JsonObject user)
    {
        foreach (var unsupported in (string[])["exec", "auth-provider"])
        {
            if (user[unsupported] is not null)
            {
                throw new KubeConfigException($"{file}: user \"{name}\" signs in with {unsupported}, which this program does not run; use a client certificate or a token");
            }
        }

        var certificate = Material(file, user, "client-certificate", $"user \"{name}\"");
        var key = Material(file, user, "client-key", $"user \"{name}\"");
        if (certificate is null && key is null) return null;
        if (certificate is null || key is null)
        {
            throw new KubeConfigException($"{file}: user \"{name}\" has {(certificate is null ? "client-key but no client-certificate" : "client-certificate but no client-key")}; both are needed");
        }

        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (CryptographicException broken)
        {
            throw new KubeConfigException($"{file}: user \"{name}\": client-certificate and client-key do not make a pair: {broken.Message}", broken);
        }
    }

    private static Func<string>? TokenOf(string file, string name, JsonObject user)
    {
        if (Text(user, "token") is { Length: > 0 } token) return () => token;
        if (Text(user, "tokenFile") is not { Length: > 0 } tokenFile) return null;
        var path = Beside(file, tokenFile);
        if (!File.Exists(path)) throw new KubeConfigException($"{file}: user \"{name}\": tokenFile {path} does not exist");
        return () => File.ReadAllText(path).Trim();
    }

    /// <summary>PEM text from <c>NAME-data</c> (base64) or from the file that <c>NAME</c> points to; null when neither is there.</summary>
    private static string? Material(string file, JsonObject owner, string field, string what)
    {
        if (Text(owner, $"{field}-data") is { Length: > 0 } data)
        {
            try
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(data));
            }
            catch (FormatException broken)
            {
                throw new KubeConfigException($"{file}: {what}: {field}-data is not base64; write the PEM file through base64", broken);
            }
        }

        if (Text(owner, field) is not { Length: > 0 } path) return null;
        var full = Beside(file, path);
        if (!File.Exists(full)) throw new KubeConfigException($"{file}: {what}: {field} {full} does not exist");
        return Encoding.UTF8.GetString(ReadFile(full));
    }

    private static string Beside(string file, string path) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file)) ?? "", path);

    private static string Text(JsonObject owner, string field) => owner[field] is JsonValue value ? value.ToString() : "";

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } joined ? joined : "none";
}
