using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class ServiceRules() : KindRules(hasStatus: true)
{
    public override ImmutableArray<string> SelectableFields => ["spec.clusterIP", "spec.type"];

    public override void Default(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        spec.DefaultText("sessionAffinity", "None");
        if (spec.Text("sessionAffinity") == "ClientIP") spec.ObjectOrNew("sessionAffinityConfig").ObjectOrNew("clientIP").Default("timeoutSeconds", 10800);
        spec.DefaultText("type", "ClusterIP");
        foreach (var port in spec.Items("ports"))
        {
            port.DefaultText("protocol", "TCP");
            if (port["targetPort"] is null || port.Number("targetPort") == 0 || port.Text("targetPort") == "") port.Restore("targetPort", new JsonObject { ["targetPort"] = port["port"]?.DeepClone() });
        }

        var type = spec.Text("type");
        if (type is "NodePort" or "LoadBalancer") spec.DefaultText("externalTrafficPolicy", "Cluster");
        if (type == "LoadBalancer") spec.Default("allocateLoadBalancerNodePorts", true);
        if (type == "ExternalName") return;
        spec.DefaultText("internalTrafficPolicy", "Cluster");
        spec.Default("ipFamilies", new JsonArray("IPv4"));
        spec.DefaultText("ipFamilyPolicy", "SingleStack");
    }

    public override void PrepareForCreate(JsonObject document, in WriteContext context)
    {
        base.PrepareForCreate(document, context);
        document["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        var spec = document.Object("spec") ?? [];
        Checks.OneOf(spec, "type", "spec", errors, "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        Checks.OneOf(spec, "sessionAffinity", "spec", errors, "ClientIP", "None");
        var isExternalName = spec.Text("type") == "ExternalName";
        var isHeadless = spec.Text("clusterIP") == "None";
        if (isExternalName && !spec.TryGetText(out _, "externalName")) errors.Required("spec.externalName");
        var ports = spec.Items("ports").ToList();
        if (ports.Count == 0 && !isExternalName && !isHeadless) errors.Required("spec.ports");
        var names = new HashSet<string>();
        var numbers = new HashSet<(long?, string?)>();
        for (var i = 0; i < ports.Count; i++) CheckPort(ports[i], $"spec.ports[{i}]", ports.Count > 1, names, numbers, errors);
    }

    public override void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors)
    {
        if (existing.TryGetText(out var before, "spec", "clusterIP") && updated.Text("spec", "type") != "ExternalName" && updated.Text("spec", "clusterIP") != before)
        {
            errors.Invalid("spec.clusterIP", Fields.Show(updated.At("spec", "clusterIP")), "field is immutable");
        }
    }

    public override void Warn(JsonObject document, ICollection<string> warnings) =>
        warnings.Add("spec: a Service is stored, but there is no virtual network here that would carry its traffic");

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now)
    {
        var spec = document.At("spec");
        return
        [
            Cell.Name(document),
            spec.Text("type") ?? "",
            Cell.OrNone(spec.Text("clusterIP")),
            ExternalIp(spec),
            Ports(spec),
            Cell.Age(document, now),
            Cell.Labels(spec.At("selector")),
        ];
    }

    private static void CheckPort(JsonObject port, string path, bool needsName, HashSet<string> names, HashSet<(long?, string?)> numbers, FieldErrors errors)
    {
        if (port.TryGetText(out var name, "name"))
        {
            if (!names.Add(name)) errors.Duplicate($"{path}.name", $"\"{name}\"");
        }
        else if (needsName)
        {
            errors.Required($"{path}.name");
        }

        if (port.Number("port") is null) errors.Required($"{path}.port");
        Checks.Port(port, "port", path, errors);
        Checks.Port(port, "targetPort", path, errors);
        Checks.OneOf(port, "protocol", path, errors, "SCTP", "TCP", "UDP");
        if (!numbers.Add((port.Number("port"), port.Text("protocol")))) errors.Duplicate(path, Fields.Show(port));
    }

    private static string ExternalIp(JsonNode? spec) => spec.Text("type") switch
    {
        "ExternalName" => Cell.OrNone(spec.Text("externalName")),
        "LoadBalancer" => "<pending>",
        _ => spec.At("externalIPs") is JsonArray { Count: > 0 } addresses ? string.Join(',', addresses.Select(address => address?.ToString())) : Cell.None,
    };

    private static string Ports(JsonNode? spec)
    {
        var ports = spec.Items("ports").Select(port =>
            port.Number("nodePort") is { } nodePort and not 0 ? $"{port.Number("port")}:{nodePort}/{port.Text("protocol")}" : $"{port.Number("port")}/{port.Text("protocol")}");
        return Cell.OrNone(string.Join(',', ports));
    }
}
