using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Commands;

/// <summary>Prints the server's tables as kubectl does: upper-case headings, three spaces between columns, no trailing blanks. Remembers the widths, so
/// that rows that come later line up as well as they can.</summary>
internal sealed class TableText(TextWriter output, bool isWide = false, bool hasNamespace = false, string namePrefix = "")
{
    private readonly List<int> _widths = [];
    private List<(int Index, string Name)> _columns = [];
    private bool _hasHeadings;

    /// <summary>Prints all rows of a Table document, headings first if they were not printed yet.</summary>
    public void Print(JsonObject table)
    {
        // Of several pages and of a watch only the first table carries columns.
        if (table["columnDefinitions"] is JsonArray { Count: > 0 } definitions)
        {
            _columns = [.. definitions.Select((definition, i) => (definition: (JsonObject)definition!, i))
                .Where(pair => isWide || (pair.definition["priority"]?.GetValue<int>() ?? 0) == 0)
                .Select(pair => (pair.i, pair.definition["name"]!.GetValue<string>().ToUpperInvariant()))];
        }

        var rows = (table["rows"] as JsonArray ?? []).OfType<JsonObject>().Select(Cells).ToList();
        if (rows.Count == 0) return;
        if (!_hasHeadings)
        {
            var headings = _columns.Select(column => column.Name);
            rows.Insert(0, [.. hasNamespace ? headings.Prepend("NAMESPACE") : headings]);
            _hasHeadings = true;
        }

        Print(rows);
    }

    /// <summary>Prints rows of our own.</summary>
    public void Print(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Count; i++)
            {
                if (i == _widths.Count) _widths.Add(0);
                _widths[i] = Math.Max(_widths[i], row[i].Length);
            }
        }

        foreach (var row in rows) output.WriteLine(string.Join("   ", row.Select((cell, i) => i == row.Count - 1 ? cell : cell.PadRight(_widths[i]))).TrimEnd());
    }

    private List<string> Cells(JsonObject row)
    {
        var cells = row["cells"] as JsonArray ?? [];
        var texts = _columns.Select(column => column.Index < cells.Count ? TextOf(cells[column.Index]) : "<none>").ToList();
        if (texts.Count > 0) texts[0] = namePrefix + texts[0];
        if (hasNamespace) texts.Insert(0, row["object"]?["metadata"]?["namespace"]?.GetValue<string>() ?? "");
        return texts;
    }

    private static string TextOf(JsonNode? cell) => cell switch
    {
        null => "<none>",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>().Replace("\n", "\\n", StringComparison.Ordinal),
        _ => cell.ToJsonString(),
    };
}
