using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Client.Yaml;

namespace ControlPlane.Client.Configuration;

/// <summary>Writes kubeconfig files for kubectl and for us.</summary>
public static class KubeConfigWriter
{
    /// <summary>A kubeconfig with one cluster, one user and one context, as YAML.</summary>
    /// <param name="name">Of the cluster and the context.</param>
    /// <param name="userName">Of the user.</param>
    /// <param name="servers">kubectl uses the first; our own clients all.</param>
    /// <param name="authorityPem">The CA's certificate.</param>
    /// <param name="certificatePem">The user's certificate, or null for a token.</param>
    /// <param name="keyPem">The certificate's key.</param>
    /// <param name="token">A bearer token, or null for a certificate.</param>
    /// <param name="namespace">The context's namespace; null: the default one.</param>
    public static string ToYaml(
        string name,
        string userName,
        IReadOnlyList<Uri> servers,
        string authorityPem,
        string? certificatePem = null,
        string? keyPem = null,
        string? token = null,
        string? @namespace = null)
    {
        var cluster = new JsonObject { ["certificate-authority-data"] = Base64(authorityPem), ["server"] = Address(servers[0]) };
        if (servers.Count > 1)
        {
            cluster["extensions"] = new JsonArray(new JsonObject
            {
                ["extension"] = new JsonObject { ["servers"] = new JsonArray([.. servers.Select(server => JsonValue.Create(Address(server)))]) },
                ["name"] = KubeConfig.ServersExtension,
            });
        }

        var user = new JsonObject();
        if (certificatePem is not null) user["client-certificate-data"] = Base64(certificatePem);
        if (keyPem is not null) user["client-key-data"] = Base64(keyPem);
        if (token is not null) user["token"] = token;
        var context = new JsonObject { ["cluster"] = name, ["user"] = userName };
        if (@namespace is not null) context["namespace"] = @namespace;
        return YamlDocuments.Write(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Config",
            ["clusters"] = new JsonArray(new JsonObject { ["cluster"] = cluster, ["name"] = name }),
            ["contexts"] = new JsonArray(new JsonObject { ["context"] = context, ["name"] = name }),
            ["current-context"] = name,
            ["preferences"] = new JsonObject(),
            ["users"] = new JsonArray(new JsonObject { ["name"] = userName, ["user"] = user }),
        });
    }

    /// <summary>Writes the file, readable by its owner only from the first byte on (it holds a key), and replaces an older one in one step.</summary>
    public static void Write(string path, string yaml)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var beside = $"{full}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(beside, options)) file.Write(Encoding.UTF8.GetBytes(yaml));
        File.Move(beside, full, overwrite: true);
    }

    private static string Base64(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));

    private static string Address(Uri server) => server.GetLeftPart(UriPartial.Authority);
}
