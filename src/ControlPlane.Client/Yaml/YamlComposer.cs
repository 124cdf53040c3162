using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ControlPlane.Client.Yaml;

/// <summary>From the events of one YAML file to JSON documents. Strict where a reader could be fooled: duplicate keys, unknown aliases, tabs as
/// indentation and aliases that multiply are refused with their place.</summary>
internal sealed class YamlComposer
{
    // A server takes no deeper document either; the limit also keeps the recursion off the end of the stack.
    private const int DepthMax = 100;

    // An honest manifest repeats a few blocks; a bomb of nine lines makes a billion nodes.
    private const int AliasedNodesMax = 100_000;

    private readonly string _text;
    private readonly string _file;
    private readonly Parser _parser;
    private readonly Dictionary<string, JsonNode?> _anchors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long, long)>? _places;
    private Mark _last;
    private int _aliasedNodes;

    /// <param name="places">Filled with the place of every field of the document numbered <see cref="PlacesOf"/>; null: not wanted.</param>
    public YamlComposer(string text, string file, Dictionary<string, (long Line, long Column)>? places = null)
    {
        _text = text;
        _file = file;
        _places = places;
        _parser = new(new StringReader(text));
    }

    /// <summary>Which document's places are wanted, from 0, empty ones not counted.</summary>
    public int PlacesOf { get; init; }

    /// <summary>All documents with content, and the line each starts at.</summary>
    public List<(JsonNode Root, long Line)> Compose()
    {
        var documents = new List<(JsonNode, long)>();
        while (Next() is not StreamEnd)
        {
            if (_parser.Current is not DocumentStart) continue;
            _anchors.Clear();
            _aliasedNodes = 0;
            var first = Next();
            var root = Node(first, 0, documents.Count == PlacesOf ? "" : null);
            if (root is not null) documents.Add((root, first.Start.Line));
        }

        RefuseTabs(long.MaxValue);
        return documents;
    }

    private ParsingEvent Next()
    {
        try
        {
            if (!_parser.MoveNext()) throw Refuse(_last, "the file ends in the middle of a document", "complete it or remove the unfinished part");
        }
        catch (YamlException broken)
        {
            // The parser may blame the start of the mapping for a tab far below.
            var isTab = broken.Message.Contains("tab", StringComparison.Ordinal);
            RefuseTabs(isTab ? long.MaxValue : broken.Start.Line + 1, isTab);
            throw new ManifestException(_file, broken.Start.Line, broken.Start.Column, $"not valid YAML: {Lower(broken.Message)}", RemedyFor(broken.Message), broken);
        }
        catch (InvalidOperationException broken)
        {
            // The parser falls over some unfinished flow collections instead of refusing them.
            throw new ManifestException(_file, _last.Line, _last.Column, "not valid YAML near here", "close every [ and { that was opened, and quote text that contains : [ ] { }", broken);
        }

        _last = _parser.Current!.Start;
        return _parser.Current;
    }

    /// <param name="path">The node's field path when places are wanted, else null.</param>
    private JsonNode? Node(ParsingEvent first, int depth, string? path)
    {
        if (depth > DepthMax) throw Refuse(first.Start, $"nested deeper than {DepthMax} levels", "flatten the document");
        if (path is { Length: > 0 }) _places?.TryAdd(path, (first.Start.Line, first.Start.Column));
        switch (first)
        {
            case AnchorAlias alias:
                return Expand(alias);
            case Scalar scalar:
                return Remember(scalar.Anchor, Scalar(scalar));
            case SequenceStart sequence:
                var list = new JsonArray();
                for (var next = Next(); next is not SequenceEnd; next = Next()) list.Add(Node(next, depth + 1, path is null ? null : $"{path}[{list.Count}]"));
                return Remember(sequence.Anchor, list);
            case MappingStart mapping:
                return Remember(mapping.Anchor, Mapping(depth, path));
            default:
                throw Refuse(first.Start, "unexpected content", "check the lines above");
        }
    }

    private JsonObject Mapping(int depth, string? path)
    {
        var fields = new JsonObject();
        var lines = new Dictionary<string, long>(StringComparer.Ordinal);
        var merged = new List<JsonObject>();
        for (var next = Next(); next is not MappingEnd; next = Next())
        {
            if (next is Scalar { Style: ScalarStyle.Plain, Value: "<<" })
            {
                CollectMerged(Next(), depth, merged);
                continue;
            }

            var key = Key(next);
            if (!lines.TryAdd(key, next.Start.Line))
            {
                throw Refuse(next.Start, $"key \"{key}\" is already set on line {lines[key]}", "keep one of the two");
            }

            var inner = path is null ? null : path.Length == 0 ? key : $"{path}.{key}";
            if (inner is not null) _places?.TryAdd(inner, (next.Start.Line, next.Start.Column));
            fields[key] = Node(Next(), depth + 1, inner);
        }

        // The mapping's own keys win, then the earlier of several merged ones.
        foreach (var source in merged)
        {
            foreach (var (key, value) in source)
            {
                if (!fields.ContainsKey(key)) fields[key] = value?.DeepClone();
            }
        }

        return fields;
    }

    private void CollectMerged(ParsingEvent value, int depth, List<JsonObject> merged)
    {
        switch (Node(value, depth + 1, null))
        {
            case JsonObject one:
                merged.Add(one);
                break;
            case JsonArray several when several.All(item => item is JsonObject):
                merged.AddRange(several.Select(item => (JsonObject)item!));
                break;
            default:
                throw Refuse(value.Start, "<< merges a mapping or a list of mappings, and this is neither", "point it at an anchor on a mapping, as in \"<<: *defaults\"");
        }
    }

    private string Key(ParsingEvent next)
    {
        if (next is not Scalar scalar) throw Refuse(next.Start, "a key must be a single word or quoted text", "lists and mappings cannot be keys");
        return Scalar(scalar) switch
        {
            null => throw Refuse(next.Start, "a key is empty (null)", "write \"null\" or \"\" in quotes if that is the key"),
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            var other => other.ToJsonString(),
        };
    }

    private JsonNode? Scalar(Scalar scalar)
    {
        var tag = scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific ? "" : scalar.Tag.Value;
        if (tag is "tag:yaml.org,2002:str") return JsonValue.Create(scalar.Value);
        if (tag is "tag:yaml.org,2002:binary") return Binary(scalar);
        if (tag.Length == 0 && scalar.Style != ScalarStyle.Plain) return JsonValue.Create(scalar.Value);
        if (tag.Length > 0 && !tag.StartsWith("tag:yaml.org,2002:", StringComparison.Ordinal)) return JsonValue.Create(scalar.Value);
        var value = YamlScalars.Resolve(scalar.Value, out var isFinite);
        if (!isFinite) throw Refuse(scalar.Start, $"{scalar.Value} is not a number JSON can hold", "put it in quotes if text is meant");
        return tag switch
        {
            "tag:yaml.org,2002:float" when value is JsonValue number && number.TryGetValue<long>(out var whole) => JsonValue.Create((double)whole),
            "tag:yaml.org,2002:int" or "tag:yaml.org,2002:float" when value?.GetValueKind() != JsonValueKind.Number => throw Mistagged(scalar),
            "tag:yaml.org,2002:bool" when value?.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False) => throw Mistagged(scalar),
            "tag:yaml.org,2002:null" => null,
            _ => value,
        };
    }

    private JsonValue Binary(Scalar scalar)
    {
        try
        {
            return JsonValue.Create(Encoding.UTF8.GetString(Convert.FromBase64String(scalar.Value)));
        }
        catch (FormatException broken)
        {
            throw new ManifestException(_file, scalar.Start.Line, scalar.Start.Column, "!!binary is not base64", "encode the bytes with base64", broken);
        }
    }

    private JsonNode? Expand(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            throw Refuse(alias.Start, $"alias *{alias.Value.Value} has no anchor &{alias.Value.Value} above it", "define the anchor first, or put the text in quotes if no alias is meant");
        }

        _aliasedNodes += CountOf(node);
        if (_aliasedNodes > AliasedNodesMax) throw Refuse(alias.Start, $"aliases repeat more than {AliasedNodesMax} values", "write the document out instead of nesting aliases");
        return node?.DeepClone();
    }

    private JsonNode? Remember(AnchorName anchor, JsonNode? node)
    {
        // Only now, when the node is complete: an alias inside its own anchor is an unknown one.
        if (!anchor.IsEmpty) _anchors[anchor.Value] = node;
        return node;
    }

    private static int CountOf(JsonNode? node) => node switch
    {
        JsonObject fields => 1 + fields.Sum(field => CountOf(field.Value)),
        JsonArray items => 1 + items.Sum(CountOf),
        _ => 1,
    };

    /// <summary>The parser takes some tabs for spaces and misplaces others; YAML knows them as indentation nowhere. Tabs inside multi-line text and
    /// between brackets are content and stay.</summary>
    private void RefuseTabs(long lastLine, bool alsoInComments = false)
    {
        if (!_text.Contains('\t')) return;
        var free = LinesWhereTabsAreContent();
        long number = 0;
        foreach (var line in _text.AsSpan().EnumerateLines())
        {
            if (++number > lastLine) return;
            var indent = line.IndexOfAnyExcept(' ', '\t');
            if (indent <= 0 || (line[indent] == '#' && !alsoInComments) || free.Contains(number)) continue;
            var tab = line[..indent].IndexOf('\t');
            if (tab >= 0) throw new ManifestException(_file, number, tab + 1, "a tab is used as indentation", "use spaces: YAML does not allow tabs there");
        }
    }

    private HashSet<long> LinesWhereTabsAreContent()
    {
        var free = new HashSet<long>();
        var opened = new Stack<long>();
        var parser = new Parser(new StringReader(_text));
        try
        {
            while (parser.MoveNext())
            {
                var current = parser.Current!;
                if (current is Scalar { Style: not ScalarStyle.Plain }) AddLines(free, current.Start.Line + 1, current.End.Line);
                else if (current is MappingStart { Style: MappingStyle.Flow } or SequenceStart { Style: SequenceStyle.Flow }) opened.Push(current.Start.Line);
                else if (current is MappingStart or SequenceStart) opened.Push(-1);
                else if (current is MappingEnd or SequenceEnd && opened.Pop() is > 0 and var start) AddLines(free, start + 1, current.Start.Line);
            }
        }
        catch (Exception broken) when (broken is YamlException or InvalidOperationException)
        {
            // What was understood so far is enough: the caller looks no further than the place that broke.
            return free;
        }

        return free;
    }

    private static void AddLines(HashSet<long> lines, long first, long last)
    {
        for (var line = first; line <= last; line++) lines.Add(line);
    }

    private ManifestException Mistagged(Scalar scalar) =>
        Refuse(scalar.Start, $"\"{scalar.Value}\" does not fit its tag {scalar.Tag.Value.Replace("tag:yaml.org,2002:", "!!", StringComparison.Ordinal)}", "correct the value or remove the tag");

    private ManifestException Refuse(Mark at, string problem, string remedy) => new(_file, at.Line, at.Column, problem, remedy);

    private static string Lower(string message) => message.Length == 0 ? "broken" : char.ToLower(message[0], CultureInfo.InvariantCulture) + message[1..].TrimEnd('.');

    private static string RemedyFor(string message) => message switch
    {
        _ when message.Contains("invalid mapping", StringComparison.Ordinal) || message.Contains("mapping values", StringComparison.Ordinal) =>
            "check the indentation of this line and the one above, and quote text that contains \": \"",
        _ when message.Contains("quoted scalar", StringComparison.Ordinal) => "close the quotation mark that was opened here",
        _ when message.Contains("start any token", StringComparison.Ordinal) => "put the text in quotes: it begins with a character that means something else in YAML",
        _ when message.Contains("expected", StringComparison.Ordinal) || message.Contains("did not find", StringComparison.Ordinal) =>
            "check the indentation here: fields of one object start in the same column",
        _ => "check this line and the one above",
    };
}
