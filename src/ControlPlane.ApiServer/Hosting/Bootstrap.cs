using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Admission;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Replica;
using Microsoft.Extensions.Logging;

namespace ControlPlane.ApiServer.Hosting;

/// <summary>What a cluster has before anybody asks: the system's namespaces and priority classes, and the addresses of its servers. Every server does it at
/// every start; what is there already stays as it is.</summary>
internal sealed partial class Bootstrap(ApiPipeline pipeline, Func<string> advertisedAddress, ILogger logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private volatile bool _isDone;

    /// <summary>False until everything is there.</summary>
    public bool IsDone => _isDone;

    /// <summary>Completes when everything is there. Keeps trying while the group has no leader.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var attempts = 0;
        while (true)
        {
            try
            {
                foreach (var name in NamespaceLifecycle.System) await EnsureAsync(Namespace.Resource, null, NamespaceDocument(name), cancellationToken);
                await EnsureAsync(PriorityClass.Resource, null, PriorityDocument("system-node-critical", 2_000_001_000), cancellationToken);
                await EnsureAsync(PriorityClass.Resource, null, PriorityDocument("system-cluster-critical", 2_000_000_000), cancellationToken);
                await PublishAddressAsync(cancellationToken);
                _isDone = true;
                return;
            }
            catch (Exception exception) when (exception is ApiException or StoreUnavailableException)
            {
                // Normal while a group of servers starts one by one; worth a word when it lasts.
                if (++attempts % 25 == 0) LogWaiting(logger, exception.Message);
                await Task.Delay(RetryDelay, cancellationToken);
            }
        }
    }

    private async Task EnsureAsync(ResourceDescriptor resource, string? @namespace, JsonObject document, CancellationToken cancellationToken)
    {
        var name = document.Metadata().Text("name");
        if (pipeline.Context.Store.Latest.Find(resource, @namespace, name) is not null) return;
        try
        {
            await pipeline.CreateAsync(resource, @namespace, document, Request(), cancellationToken);
        }
        catch (ApiException exception) when (exception.IsAlreadyExists)
        {
            // Another server was faster.
            return;
        }
    }

    private async Task PublishAddressAsync(CancellationToken cancellationToken)
    {
        var address = advertisedAddress();
        var colon = address.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(address.AsSpan(colon + 1), out var port)) return;
        var host = address[..colon].Trim('[', ']');
        var key = new ResourceKey(Endpoints.Resource, "default", "kubernetes");
        await EnsureAsync(Endpoints.Resource, "default", EndpointsDocument(host, port), cancellationToken);
        await pipeline.ChangeAsync(key, null, Request(), existing =>
        {
            if (existing["subsets"] is not JsonArray subsets) existing["subsets"] = subsets = [];
            if (!subsets.OfType<JsonObject>().Any(subset => Holds(subset, host, port))) subsets.Add(Subset(host, port));
            return existing;
        }, cancellationToken);
    }

    // One subset a server: servers of one machine differ by port only, and a subset is addresses times ports.
    private static bool Holds(JsonObject subset, string host, int port) =>
        (subset["addresses"] as JsonArray ?? []).OfType<JsonObject>().Any(address => address.Text("ip") == host)
        && (subset["ports"] as JsonArray ?? []).OfType<JsonObject>().Any(candidate => candidate.Number("port") == port);

    private static JsonObject Subset(string host, int port) => new()
    {
        ["addresses"] = new JsonArray(new JsonObject { ["ip"] = host }),
        ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = port, ["protocol"] = "TCP" }),
    };

    private static JsonObject EndpointsDocument(string host, int port) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Endpoints",
        ["metadata"] = new JsonObject { ["name"] = "kubernetes", ["namespace"] = "default" },
        ["subsets"] = new JsonArray(Subset(host, port)),
    };

    private static JsonObject NamespaceDocument(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Namespace",
        ["metadata"] = new JsonObject { ["name"] = name },
    };

    private static JsonObject PriorityDocument(string name, long value) => new()
    {
        ["apiVersion"] = "scheduling.k8s.io/v1",
        ["kind"] = "PriorityClass",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["value"] = value,
        ["description"] = "Used for system critical pods that must not be moved from their current node.",
    };

    private static WriteRequest Request() => new(Caller.Server, FieldValidation.Ignore, DryRun: false, []);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Start-up waits for the store: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string reason);
}
