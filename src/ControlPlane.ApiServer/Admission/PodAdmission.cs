using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;

namespace ControlPlane.ApiServer.Admission;

/// <summary>What a pod gets on its way in: its priority as a number, its service account, and how long it bears a node that is not ready.</summary>
internal sealed class PodAdmission
{
    // Kubernetes' default: five minutes, so that a short absence of a node costs nothing.
    private const int UnreachableTolerationSeconds = 300;

    private static readonly byte[] ClassesStart = ObjectKeys.Prefix(PriorityClass.Resource, null);
    private static readonly byte[] ClassesEnd = ObjectKeys.EndOf(ClassesStart);

    /// <exception cref="ApiException">403 for a priority that does not exist or contradicts its class.</exception>
    public void Admit(JsonObject pod, StoreView view)
    {
        if (pod.Child("spec") is not { } spec) return;
        AdmitPriority(pod, spec, view);
        if (spec.Text("serviceAccountName").Length == 0) spec["serviceAccountName"] = spec.Text("serviceAccount") is { Length: > 0 } named ? named : "default";
        spec["serviceAccount"] = spec.Text("serviceAccountName");
        Tolerate(spec, "node.kubernetes.io/not-ready");
        Tolerate(spec, "node.kubernetes.io/unreachable");
    }

    private static void AdmitPriority(JsonObject pod, JsonObject spec, StoreView view)
    {
        var className = spec.Text("priorityClassName");
        var chosen = className.Length > 0 ? Named(view, className) : GlobalDefault(view);
        if (className.Length > 0 && chosen is null)
        {
            throw ApiErrors.Forbidden(Pod.Resource, pod.Metadata().Text("name"), $"no PriorityClass with name {className} was found");
        }

        var priority = chosen.Number("value") ?? 0;
        if (spec.Number("priority") is { } given && given != priority)
        {
            throw ApiErrors.Forbidden(Pod.Resource, pod.Metadata().Text("name"),
                $"the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name");
        }

        spec["priority"] = priority;
        if (chosen is not null) spec["priorityClassName"] = chosen.Metadata().Text("name");
        if (spec.Text("preemptionPolicy").Length > 0) return;
        spec["preemptionPolicy"] = chosen.Text("preemptionPolicy") is { Length: > 0 } policy ? policy : "PreemptLowerPriority";
    }

    private static JsonObject? Named(StoreView view, string name) =>
        view.Find(PriorityClass.Resource, null, name) is { } record ? StoredObjects.ToDocument(record) : null;

    // There are a handful of classes; the lowest default wins should there be several, as Kubernetes decides it.
    private static JsonObject? GlobalDefault(StoreView view)
    {
        JsonObject? chosen = null;
        foreach (var record in view.Range(ClassesStart, ClassesEnd))
        {
            if (record.Value.Span.IndexOf("\"globalDefault\":true"u8) < 0) continue;
            var document = StoredObjects.ToDocument(record);
            if (chosen is null || document.Number("value") < chosen.Number("value")) chosen = document;
        }

        return chosen;
    }

    private static void Tolerate(JsonObject spec, string taint)
    {
        if (spec["tolerations"] is not JsonArray tolerations) spec["tolerations"] = tolerations = [];
        foreach (var item in tolerations)
        {
            if (item is not JsonObject toleration) continue;
            var isForTaint = toleration.Text("key") == taint || toleration.Text("key").Length == 0;
            if (isForTaint && (toleration.Text("effect") is "NoExecute" or "")) return;
        }

        tolerations.Add(new JsonObject
        {
            ["key"] = taint,
            ["operator"] = "Exists",
            ["effect"] = "NoExecute",
            ["tolerationSeconds"] = UnreachableTolerationSeconds,
        });
    }
}
