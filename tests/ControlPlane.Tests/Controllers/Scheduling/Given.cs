using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Informers;

namespace ControlPlane.Tests.Controllers.Scheduling;

/// <summary>Pods and nodes as a server would hand them out. JSON may use single quotes.</summary>
internal static class Given
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static PodSpec Spec(string json) => Pod("p", spec: json).As<Pod>().Spec;

    /// <param name="age">Seconds after the start at which it was created.</param>
    public static ResourceObject Pod(string name, string spec = "{}", string? uid = null, int age = 0, string? phase = null, string @namespace = "ns", long revision = 1) =>
        Make(ControlPlane.Api.Kinds.Pod.Resource, @namespace, name, uid ?? $"uid-of-{name}", revision, PodDocument(name, spec, age, phase));

    public static ResourceObject Node(string name, int cpu = 4, int pods = 110, string spec = "{}", string labels = "{}", string? uid = null, long revision = 1) =>
        Make(ControlPlane.Api.Kinds.Node.Resource, null, name, uid ?? $"uid-of-{name}", revision, NodeDocument(name, cpu, pods, spec, labels));

    public static JsonObject PodDocument(string name, string spec = "{}", int age = 0, string? phase = null) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["creationTimestamp"] = TimeConverter.Format(Start.AddSeconds(age)) },
        ["spec"] = Parse(spec),
        ["status"] = new JsonObject { ["phase"] = phase ?? "Pending" },
    };

    public static JsonObject NodeDocument(string name, int cpu = 4, int pods = 110, string spec = "{}", string labels = "{}") => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = Parse(labels) },
        ["spec"] = Parse(spec),
        ["status"] = new JsonObject
        {
            ["allocatable"] = new JsonObject { ["cpu"] = $"{cpu}", ["memory"] = "8Gi", ["pods"] = $"{pods}" },
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }),
        },
    };

    /// <summary>The spec of a pod with one container that asks for this much CPU.</summary>
    public static string Asking(string cpu, string more = "") => $"{{'containers':[{{'name':'c','resources':{{'requests':{{'cpu':'{cpu}'}}}}}}]{(more.Length == 0 ? "" : ",")}{more}}}";

    public static ObjectChange Added(ResourceObject item) => new(null, item);

    public static ObjectChange Changed(ResourceObject old, ResourceObject item) => new(old, item);

    public static ObjectChange Deleted(ResourceObject item) => new(item, null);

    public static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json.Replace('\'', '"'))!;

    private static ResourceObject Make(ResourceDescriptor resource, string? @namespace, string name, string uid, long revision, JsonObject document)
    {
        document["metadata"]!["uid"] = uid;
        document["metadata"]!["namespace"] = @namespace;
        return new(resource, @namespace, name, uid, revision, Encoding.UTF8.GetBytes(document.ToJsonString()));
    }
}
