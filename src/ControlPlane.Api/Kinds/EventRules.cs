using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

/// <summary>Of both spellings: <c>v1</c> (involvedObject, message, source) and <c>events.k8s.io/v1</c> (regarding, note, deprecatedSource).</summary>
internal sealed class EventRules : KindRules
{
    public override ImmutableArray<string> SelectableFields =>
    [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
        "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion", "regarding.fieldPath",
        "reportingController",
    ];

    public override string SelectableField(JsonObject document, string path)
    {
        if (path == "source") return Source(document).Text("component") is { Length: > 0 } component ? component : Reporter(document, "Component", "Controller");
        if (path is "reportingComponent" or "reportingController") return Reporter(document, "Component", "Controller");
        if (path.Split('.') is ["involvedObject" or "regarding", var field]) return About(document).Text(field) ?? "";
        return base.SelectableField(document, path);
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        var @namespace = document.Text("metadata", "namespace") ?? "";
        var about = About(document).Text("namespace") ?? "";
        var field = document.Has("regarding") ? "regarding.namespace" : "involvedObject.namespace";
        // Events about cluster-scoped objects live in "default".
        var matches = about.Length == 0 ? @namespace is "" or "default" : about == @namespace;
        if (!matches)
        {
            errors.Invalid(field, $"\"{about}\"", "does not match event.namespace");
        }
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now)
    {
        var first = When(document, now, "firstTimestamp", "deprecatedFirstTimestamp") ?? When(document, now, "eventTime", "eventTime");
        var last = When(document, now, "lastTimestamp", "deprecatedLastTimestamp") ?? first;
        var count = document.Number("count") ?? document.Number("deprecatedCount") ?? 1;
        if (document.Object("series") is { } series)
        {
            last = When(series, now, "lastObservedTime", "lastObservedTime") ?? last;
            count = series.Number("count") ?? count;
        }

        var about = About(document);
        var kind = (about.Text("kind") ?? "").ToLowerInvariant();
        return
        [
            last ?? "<unknown>",
            document.Text("type") ?? "",
            document.Text("reason") ?? "",
            about.TryGetText(out var name, "name") ? $"{kind}/{name}" : kind,
            about.Text("fieldPath") ?? "",
            SourceText(document),
            (document.Text("message") ?? document.Text("note") ?? "").Trim(),
            first ?? "<unknown>",
            count,
            Cell.Name(document),
        ];
    }

    private static string? When(JsonNode node, DateTimeOffset now, string field, string otherSpelling) =>
        node.TryGetTime(out var time, field) || node.TryGetTime(out time, otherSpelling) ? HumanDuration.Format(now - time) : null;

    private static string SourceText(JsonObject document)
    {
        var component = Source(document).Text("component") is { Length: > 0 } given ? given : Reporter(document, "Component", "Controller");
        var host = Source(document).Text("host") is { Length: > 0 } there ? there : document.Text("reportingInstance");
        return string.IsNullOrEmpty(host) ? component : $"{component}, {host}";
    }

    private static JsonNode? About(JsonObject document) => document["involvedObject"] ?? document["regarding"];

    private static JsonNode? Source(JsonObject document) => document["source"] ?? document["deprecatedSource"];

    private static string Reporter(JsonObject document, string v1, string later) => document.Text("reporting" + v1) ?? document.Text("reporting" + later) ?? "";
}
