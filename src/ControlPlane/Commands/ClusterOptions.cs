using System.CommandLine;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Configuration;
using ControlPlane.Client.Http;

namespace ControlPlane.Commands;

/// <summary>The options that say which cluster and which namespace; the same on every command.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<string?> _kubeconfig = new("--kubeconfig") { Description = "File that says how to reach the cluster (default: $KUBECONFIG, then ~/.kube/config)", HelpName = "FILE" };
    private readonly Option<string?> _context = new("--context") { Description = "Context of the kubeconfig to use", HelpName = "NAME" };
    private readonly Option<string?> _namespace = new("--namespace", "-n") { Description = "Namespace (default: the context's, else \"default\")", HelpName = "NS" };

    /// <summary>Adds the options to a command.</summary>
    public static ClusterOptions AddTo(Command command, bool hasNamespace = true)
    {
        var options = new ClusterOptions();
        if (hasNamespace) command.Add(options._namespace);
        command.Add(options._kubeconfig);
        command.Add(options._context);
        return options;
    }

    /// <summary>The cluster a command line means.</summary>
    /// <exception cref="KubeConfigException">No or no usable kubeconfig.</exception>
    public Cluster Connect(ParseResult parsed, Terminal terminal)
    {
        var config = KubeConfig.Load(parsed.GetValue(_kubeconfig)).Resolve(parsed.GetValue(_context));
        var given = parsed.GetValue(_namespace);
        return new(config with { UserAgent = $"controlplane/{VersionCommand.Version}" }, given, terminal);
    }
}

/// <summary>A cluster as commands use it.</summary>
internal sealed class Cluster : IDisposable
{
    public Cluster(ClientConfig config, string? @namespace, Terminal terminal)
    {
        Namespace = string.IsNullOrEmpty(@namespace) ? config.Namespace : @namespace;
        HasExplicitNamespace = !string.IsNullOrEmpty(@namespace);
        Connection = new(config)
        {
            OnWaiting = terminal.Error.WriteLine,
            OnWarning = text => terminal.Error.WriteLine($"Warning: {text}"),
        };
        Client = new(Connection);
        Discovery = new(Connection);
        Logs = new(Connection);
    }

    public ApiConnection Connection { get; }

    public HttpResourceClient Client { get; }

    public ResourceDiscovery Discovery { get; }

    public PodLogs Logs { get; }

    /// <summary>The namespace in effect.</summary>
    public string Namespace { get; }

    /// <summary>Whether <c>-n</c> was given.</summary>
    public bool HasExplicitNamespace { get; }

    /// <summary>The resource a user typed.</summary>
    /// <exception cref="CommandException">No such resource; says what may have been meant.</exception>
    public async Task<ResourceDescriptor> ResourceAsync(string typed, CancellationToken cancellationToken) =>
        await Discovery.FindByUserInputAsync(typed, cancellationToken)
        ?? throw new CommandException($"the server doesn't have a resource type \"{typed}\"{UsageErrors.DidYouMean(typed, Discovery.NamesForSuggestions())}");

    public void Dispose() => Connection.Dispose();
}
