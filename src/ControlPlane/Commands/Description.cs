using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Commands;

/// <summary>An object in words: names first, then every field of spec and status under a readable title, tables for conditions, and the events
/// last. One form for every kind, so that a kind of a plug-in reads like ours. Pure.</summary>
internal static class Description
{
    private const int ValueColumn = 24;

    // Said elsewhere, or of no use to people.
    private static readonly HashSet<string> Hidden = ["managedFields", "uid", "resourceVersion", "generation", "selfLink", "generateName", "name", "namespace", "labels", "annotations", "creationTimestamp", "ownerReferences", "conditions"];

    /// <param name="events">In any order.</param>
    /// <param name="now">For ages.</param>
    public static string Of(JsonObject document, IReadOnlyList<Event> events, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var metadata = document["metadata"] as JsonObject ?? [];
        Line(text, 0, "Name", metadata["name"]?.ToString() ?? "");
        if (metadata["namespace"] is { } @namespace) Line(text, 0, "Namespace", @namespace.ToString());
        Pairs(text, "Labels", metadata["labels"] as JsonObject, ": ");
        Pairs(text, "Annotations", metadata["annotations"] as JsonObject, ": ", LastApplied.Annotation);
        if (metadata["creationTimestamp"]?.ToString() is { Length: > 0 } created) Line(text, 0, "Created", Ago(created, now));
        foreach (var owner in (metadata["ownerReferences"] as JsonArray ?? []).OfType<JsonObject>().Where(owner => owner["controller"]?.GetValueKind() == JsonValueKind.True))
        {
            Line(text, 0, "Controlled By", $"{owner["kind"]}/{owner["name"]}");
        }

        foreach (var (key, value) in metadata.Where(field => !Hidden.Contains(field.Key))) Field(text, 0, key, value);
        if (document["kind"]?.ToString() == "Secret") HideValues(document["data"] as JsonObject);
        foreach (var (key, value) in document.Where(field => field.Key is not ("apiVersion" or "kind" or "metadata" or "status"))) Section(text, key, value);
        if (document["status"] is JsonObject { Count: > 0 } status)
        {
            if (status.Any(field => !Hidden.Contains(field.Key))) Section(text, "status", status);
            Conditions(text, status["conditions"] as JsonArray, now);
        }

        Events(text, events, now);
        return text.ToString();
    }

    // Of a Secret it is shown how much there is, not what.
    private static void HideValues(JsonObject? data)
    {
        if (data is null) return;
        foreach (var key in data.Select(field => field.Key).ToList())
        {
            var base64 = data[key]?.ToString() ?? "";
            data[key] = $"{base64.TrimEnd('=').Length * 3 / 4} bytes";
        }
    }

    private static void Section(StringBuilder text, string key, JsonNode? value)
    {
        if (value is not JsonObject { Count: > 0 } fields)
        {
            Field(text, 0, key, value);
            return;
        }

        text.Append(Title(key)).Append(":\n");
        Fields(text, 2, fields);
    }

    private static void Fields(StringBuilder text, int indent, JsonObject fields)
    {
        foreach (var (key, value) in fields.Where(field => indent > 2 || !Hidden.Contains(field.Key))) Field(text, indent, key, value);
    }

    private static void Field(StringBuilder text, int indent, string key, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } inner:
                text.Append(' ', indent).Append(Title(key)).Append(":\n");
                Fields(text, indent + 2, inner);
                break;
            case JsonArray { Count: > 0 } items when items.All(item => item is JsonValue):
                Line(text, indent, Title(key), string.Join(' ', items.Select(Words)));
                break;
            case JsonArray { Count: > 0 } items:
                text.Append(' ', indent).Append(Title(key)).Append(":\n");
                foreach (var item in items) Item(text, indent + 2, item);
                break;
            default:
                Line(text, indent, Title(key), value is null or JsonObject or JsonArray ? "<none>" : Words(value));
                break;
        }
    }

    private static void Item(StringBuilder text, int indent, JsonNode? item)
    {
        if (item is not JsonObject fields)
        {
            text.Append(' ', indent).Append("- ").Append(Words(item)).Append('\n');
            return;
        }

        // A list of named things reads by their names.
        var name = fields["name"]?.ToString();
        text.Append(' ', indent).Append(name is null ? "-" : $"{name}:").Append('\n');
        foreach (var (key, value) in fields.Where(field => field.Key != "name")) Field(text, indent + 2, key, value);
    }

    private static void Conditions(StringBuilder text, JsonArray? conditions, DateTimeOffset now)
    {
        if (conditions is not { Count: > 0 }) return;
        text.Append("Conditions:\n");
        var rows = new List<IReadOnlyList<string>> { (string[])["  TYPE", "STATUS", "SINCE", "REASON", "MESSAGE"] };
        foreach (var condition in conditions.OfType<JsonObject>())
        {
            rows.Add((string[])[$"  {condition["type"]}", $"{condition["status"]}", Since(condition["lastTransitionTime"]?.ToString(), now), $"{condition["reason"]}", $"{condition["message"]}"]);
        }

        Table(text, rows);
    }

    private static void Events(StringBuilder text, IReadOnlyList<Event> events, DateTimeOffset now)
    {
        if (events.Count == 0)
        {
            Line(text, 0, "Events", "<none>");
            return;
        }

        text.Append("Events:\n");
        var rows = new List<IReadOnlyList<string>> { (string[])["  TYPE", "REASON", "AGE", "FROM", "MESSAGE"] };
        foreach (var noted in events.OrderBy(TimeOf))
        {
            var times = noted.Count > 1 ? $" (x{noted.Count})" : "";
            var from = string.IsNullOrEmpty(noted.Source?.Component) ? noted.ReportingComponent : noted.Source.Component;
            rows.Add((string[])[$"  {noted.Type}", noted.Reason ?? "", Durations.Age(now - TimeOf(noted)) + times, from, noted.Message?.Trim() ?? ""]);
        }

        Table(text, rows);
    }

    private static DateTimeOffset TimeOf(Event noted) => noted.LastTimestamp ?? noted.EventTime ?? noted.FirstTimestamp ?? noted.Metadata.CreationTimestamp;

    private static void Table(StringBuilder text, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var writer = new StringWriter { NewLine = "\n" };
        new TableText(writer).Print(rows);
        text.Append(writer);
    }

    private static void Pairs(StringBuilder text, string title, JsonObject? pairs, string separator, string? hidden = null)
    {
        var lines = (pairs ?? []).Where(pair => pair.Key != hidden).Select(pair => $"{pair.Key}{separator}{pair.Value}").ToList();
        if (lines.Count == 0) lines.Add("<none>");
        Line(text, 0, title, lines[0]);
        foreach (var line in lines.Skip(1)) text.Append(' ', ValueColumn).Append(line).Append('\n');
    }

    private static void Line(StringBuilder text, int indent, string title, string value)
    {
        var start = $"{new string(' ', indent)}{title}:".PadRight(ValueColumn - 1);
        var lines = value.Split('\n');
        text.Append(start).Append(' ').Append(lines[0]).Append('\n');
        foreach (var line in lines.Skip(1)) text.Append(' ', ValueColumn).Append(line).Append('\n');
    }

    private static string Words(JsonNode? value) => value is JsonValue known && known.GetValueKind() == JsonValueKind.String ? known.GetValue<string>() : value?.ToJsonString() ?? "<none>";

    private static string Ago(string time, DateTimeOffset now) => DateTimeOffset.TryParse(time, out var at) ? $"{time} ({Durations.Age(now - at)} ago)" : time;

    private static string Since(string? time, DateTimeOffset now) => DateTimeOffset.TryParse(time, out var at) ? Durations.Age(now - at) : "";

    /// <summary><c>backoffLimit</c> → <c>Backoff Limit</c>; keys that are not field names (labels, file names) stay as they are.</summary>
    internal static string Title(string key)
    {
        if (key.Length == 0 || !key.All(char.IsAsciiLetterOrDigit) || char.IsUpper(key[0])) return key;
        var title = new StringBuilder();
        for (var i = 0; i < key.Length; i++)
        {
            // An abbreviation is one word, its plural s included: clusterIPs.
            var endsAbbreviation = i + 1 < key.Length && char.IsLower(key[i + 1]) && !(key[i + 1] == 's' && i + 2 == key.Length);
            var startsWord = i > 0 && char.IsUpper(key[i]) && (!char.IsUpper(key[i - 1]) || endsAbbreviation);
            if (startsWord) title.Append(' ');
            title.Append(i == 0 ? char.ToUpperInvariant(key[i]) : key[i]);
        }

        return title.ToString();
    }
}
