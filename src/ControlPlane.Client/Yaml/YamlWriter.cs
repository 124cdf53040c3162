using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Client.Yaml;

/// <summary>JSON as block-style YAML with Kubernetes' look: two spaces, list dashes in the column of their key, text of several lines after
/// <c>|</c>, and quotes only where the text would read as something else.</summary>
internal sealed class YamlWriter
{
    private readonly StringBuilder _out = new();
    private readonly bool _sortKeys;

    private YamlWriter(bool sortKeys) => _sortKeys = sortKeys;

    public static string Write(JsonNode? document, bool sortKeys)
    {
        var writer = new YamlWriter(sortKeys);
        switch (document)
        {
            case JsonObject { Count: > 0 } fields:
                writer.Fields(fields, 0, isFirstIndented: false);
                break;
            case JsonArray { Count: > 0 } items:
                writer.Items(items, 0, isFirstIndented: false);
                break;
            default:
                writer.Leaf(document, 2);
                writer._out.Append('\n');
                break;
        }

        return writer._out.ToString();
    }

    /// <param name="isFirstIndented">The first field follows a dash on the same line.</param>
    private void Fields(JsonObject fields, int indent, bool isFirstIndented)
    {
        IEnumerable<KeyValuePair<string, JsonNode?>> ordered = fields;
        if (_sortKeys) ordered = fields.OrderBy(field => field.Key, StringComparer.Ordinal);
        foreach (var (key, value) in ordered)
        {
            if (!isFirstIndented) _out.Append(' ', indent);
            isFirstIndented = false;
            if (CanBePlain(key)) _out.Append(key);
            else Quoted(key);
            _out.Append(':');
            switch (value)
            {
                case JsonObject { Count: > 0 } inner:
                    _out.Append('\n');
                    Fields(inner, indent + 2, isFirstIndented: false);
                    break;
                case JsonArray { Count: > 0 } items:
                    _out.Append('\n');
                    Items(items, indent, isFirstIndented: false);
                    break;
                default:
                    _out.Append(' ');
                    Leaf(value, indent + 2);
                    _out.Append('\n');
                    break;
            }
        }
    }

    private void Items(JsonArray items, int indent, bool isFirstIndented)
    {
        foreach (var item in items)
        {
            if (!isFirstIndented) _out.Append(' ', indent);
            isFirstIndented = false;
            _out.Append("- ");
            switch (item)
            {
                case JsonObject { Count: > 0 } fields:
                    Fields(fields, indent + 2, isFirstIndented: true);
                    break;
                case JsonArray { Count: > 0 } inner:
                    Items(inner, indent + 2, isFirstIndented: true);
                    break;
                default:
                    Leaf(item, indent + 2);
                    _out.Append('\n');
                    break;
            }
        }
    }

    private void Leaf(JsonNode? value, int indent)
    {
        switch (value)
        {
            case null:
                _out.Append("null");
                break;
            case JsonObject:
                _out.Append("{}");
                break;
            case JsonArray:
                _out.Append("[]");
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String:
                Text(scalar.GetValue<string>(), indent);
                break;
            default:
                _out.Append(value.ToJsonString());
                break;
        }
    }

    private void Text(string text, int indent)
    {
        if (text.Contains('\n') && CanBeBlock(text)) Block(text, indent);
        else if (CanBePlain(text)) _out.Append(text);
        else Quoted(text);
    }

    private void Block(string text, int indent)
    {
        var body = text.TrimEnd('\n');
        var newlines = text.Length - body.Length;
        _out.Append('|');
        // Content that begins with a space would be taken for deeper indentation: the indicator says how deep it really is.
        if (text[0] is ' ' or '\n') _out.Append(2);
        _out.Append(newlines switch { 0 => "-", 1 => "", _ => "+" });
        foreach (var line in body.Split('\n'))
        {
            _out.Append('\n');
            if (line.Length > 0) _out.Append(' ', indent).Append(line);
        }

        // The last newline is written by whoever ends the line.
        _out.Append('\n', Math.Max(0, newlines - 1));
    }

    private void Quoted(string text)
    {
        // Single quotes where they are enough, as kubectl does, but double ones for text that would read as a number or a word.
        if (!YamlScalars.WouldNotStayString(text) && text.All(IsPrintable))
        {
            _out.Append('\'').Append(text.Replace("'", "''", StringComparison.Ordinal)).Append('\'');
            return;
        }

        _out.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => _out.Append("\\\""),
                '\\' => _out.Append("\\\\"),
                '\n' => _out.Append("\\n"),
                '\r' => _out.Append("\\r"),
                '\t' => _out.Append("\\t"),
                _ when IsPrintable(c) => _out.Append(c),
                _ => _out.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
            };
        }

        _out.Append('"');
    }

    private static bool CanBeBlock(string text)
    {
        if (text.Trim('\n').Length == 0) return false;
        foreach (var c in text)
        {
            if (c is not ('\n' or '\t') && !IsPrintable(c)) return false;
        }

        // A line of blanks only, or blanks before a line's end, would be lost on the eye and on some readers.
        return !text.Contains(" \n", StringComparison.Ordinal) && !text.Contains("\t\n", StringComparison.Ordinal) && text[^1] is not (' ' or '\t') && text[0] != '\t';
    }

    private static bool CanBePlain(string text)
    {
        if (text.Length == 0 || YamlScalars.WouldNotStayString(text) || text is "<<" or "=" or "---" or "...") return false;
        if (text[0] is ' ' or ',' or '[' or ']' or '{' or '}' or '#' or '&' or '*' or '!' or '|' or '>' or '\'' or '"' or '%' or '@' or '`') return false;
        if (text[0] is '-' or '?' or ':' && (text.Length == 1 || text[1] == ' ')) return false;
        if (text.StartsWith("---", StringComparison.Ordinal) || text.StartsWith("...", StringComparison.Ordinal)) return false;
        if (text[^1] is ' ' or ':') return false;
        if (text.Contains(": ", StringComparison.Ordinal) || text.Contains(" #", StringComparison.Ordinal)) return false;
        return text.All(IsPrintable);
    }

    // Surrogates are halves of characters that YAML readers take as they are; what they form is printable or harmless.
    private static bool IsPrintable(char c) => c is (>= ' ' and <= '~') or (>= '\u00A0' and <= '\uD7FF' and not ('\u2028' or '\u2029')) or (>= '\uE000' and <= '\uFFFD' and not '\uFEFF') || char.IsSurrogate(c);
}
