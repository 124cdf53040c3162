using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Quantities;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class PodRules() : KindRules(hasStatus: true)
{
    private const string UpdateRule =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        + "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public override ImmutableArray<string> SelectableFields =>
    [
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ];

    public override string SelectableField(JsonObject document, string path) => path switch
    {
        "spec.hostNetwork" => document.Flag("spec", "hostNetwork") == true ? "true" : "false",
        "status.podIPs" => string.Join(',', document.Items("status", "podIPs").Select(address => address.Text("ip"))),
        _ => base.SelectableField(document, path),
    };

    public override void Default(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        PodSpecDefaults.RequestWhatIsLimited(spec);
        spec.Default("enableServiceLinks", true);
        PodSpecDefaults.Apply(spec);
    }

    public override void PrepareForCreate(JsonObject document, in WriteContext context)
    {
        base.PrepareForCreate(document, context);
        var status = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QosClass(document) };
        document["status"] = status;
        if (document.Count("spec", "schedulingGates") == 0) return;
        status["conditions"] = new JsonArray(new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "False",
            ["lastTransitionTime"] = TimeConverter.Format(context.Now),
            ["reason"] = "SchedulingGated",
            ["message"] = "Scheduling is blocked due to non-empty scheduling gates",
        });
    }

    public override void PrepareForUpdate(JsonObject updated, JsonObject existing, string? subresource, in WriteContext context)
    {
        base.PrepareForUpdate(updated, existing, subresource, context);
        if (subresource != "status") return;
        // The class follows from the spec, and an agent that leaves it out must not erase it.
        if (existing.TryGetText(out var qosClass, "status", "qosClass")) updated.ObjectOrNew("status")["qosClass"] = qosClass;
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        if (document.Object("spec") is not { } spec) errors.Required("spec.containers");
        else PodSpecValidation.Validate(spec, "spec", errors);
    }

    public override void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors)
    {
        if (subresource is not null) return;
        var allowed = (JsonObject)(updated.Object("spec") ?? []).DeepClone();
        var before = existing.Object("spec") ?? [];
        var isGated = existing.Count("spec", "schedulingGates") > 0;
        if (OnlyAdds(before["tolerations"], allowed["tolerations"])) allowed.Restore("tolerations", before);
        if (MayShorten(before.Number("activeDeadlineSeconds"), allowed.Number("activeDeadlineSeconds"), errors)) allowed.Restore("activeDeadlineSeconds", before);
        if (OnlyRemoves(before["schedulingGates"], allowed["schedulingGates"])) allowed.Restore("schedulingGates", before);
        // A gated pod may still be aimed elsewhere.
        if (isGated)
        {
            allowed.Restore("nodeSelector", before);
            allowed.Restore("affinity", before);
        }

        if (before.Number("terminationGracePeriodSeconds") < 0 && allowed.Number("terminationGracePeriodSeconds") == 1) allowed.Restore("terminationGracePeriodSeconds", before);
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"]) RestoreImages(allowed, before, list);
        if (!JsonNode.DeepEquals(allowed, before)) errors.Forbidden("spec", UpdateRule);
    }

    public override void Warn(JsonObject document, ICollection<string> warnings)
    {
        if (document.Object("spec") is { } spec) PodSpecWarnings.Add(spec, "spec", warnings);
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) => PodCells.Of(document, now);

    /// <summary>Guaranteed: every container limits CPU and memory and requests as much. BestEffort: nothing is asked. Else Burstable.</summary>
    public static string QosClass(JsonObject document)
    {
        var isGuaranteed = true;
        var asksAnything = false;
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach (var container in document.Items("spec", list))
            {
                foreach (var resource in (ReadOnlySpan<string>)["cpu", "memory"])
                {
                    var request = Amount(container.At("resources", "requests", resource));
                    var limit = Amount(container.At("resources", "limits", resource));
                    asksAnything |= request is { IsZero: false } || limit is { IsZero: false };
                    isGuaranteed &= limit is { IsZero: false } && (request is null || request == limit);
                }
            }
        }

        return !asksAnything ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable";
    }

    private static Quantity? Amount(JsonNode? value) => value is not null && Quantity.TryParse(value.ToString(), out var quantity) ? quantity : null;

    private static bool OnlyAdds(JsonNode? before, JsonNode? after)
    {
        var kept = after as JsonArray ?? [];
        foreach (var item in before as JsonArray ?? [])
        {
            if (!kept.Any(there => JsonNode.DeepEquals(there, item))) return false;
        }

        return true;
    }

    private static bool OnlyRemoves(JsonNode? before, JsonNode? after) => OnlyAdds(after, before);

    private static bool MayShorten(long? before, long? after, FieldErrors errors)
    {
        if (before == after) return true;
        if (after is null) errors.Invalid("spec.activeDeadlineSeconds", "null", "must not update from a positive integer to nil value");
        else if (after > before) errors.Invalid("spec.activeDeadlineSeconds", $"{after}", $"must be less than or equal to previous value {before}");
        return true;
    }

    private static void RestoreImages(JsonObject allowed, JsonObject before, string list)
    {
        var old = before.Items(list).ToList();
        var updated = allowed.Items(list).ToList();
        if (old.Count != updated.Count) return;
        for (var i = 0; i < old.Count; i++) updated[i].Restore("image", old[i]);
    }
}

internal sealed class PodTemplateRules : KindRules
{
    public override void Default(JsonObject document)
    {
        if (document.Object("template", "spec") is { } spec) PodSpecDefaults.Apply(spec);
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        if (document.Object("template", "spec") is { } spec) PodSpecValidation.Validate(spec, "template.spec", errors);
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now)
    {
        var spec = document.At("template", "spec");
        return [Cell.Name(document), Cell.ContainerNames(spec), Cell.Images(spec), Cell.Labels(document.At("template", "metadata", "labels"))];
    }
}
