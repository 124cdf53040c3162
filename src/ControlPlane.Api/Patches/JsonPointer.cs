using System.Text.Json.Nodes;

namespace ControlPlane.Api.Patches;

/// <summary>RFC 6901: <c>/spec/containers/0/name</c>, with <c>~1</c> for a slash and <c>~0</c> for a tilde. The empty pointer is the whole document.</summary>
internal readonly struct JsonPointer
{
    private readonly string[] _tokens;

    private JsonPointer(string[] tokens) => _tokens = tokens;

    public ReadOnlySpan<string> Tokens => _tokens;

    /// <summary>Reads a pointer; null is what is wrong, else a sentence.</summary>
    public static string? Read(string text, out JsonPointer pointer)
    {
        pointer = new([]);
        if (text.Length == 0) return null;
        if (text[0] != '/') return $"path \"{text}\" must start with \"/\"";
        var tokens = text[1..].Split('/');
        for (var i = 0; i < tokens.Length; i++)
        {
            if (!tokens[i].Contains('~')) continue;
            if (tokens[i].Replace("~0", "", StringComparison.Ordinal).Replace("~1", "", StringComparison.Ordinal).Contains('~')) return $"path \"{text}\": write \"~\" as \"~0\"";
            // In this order: "~01" is the text "~1".
            tokens[i] = tokens[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        }

        pointer = new(tokens);
        return null;
    }

    /// <summary>Whether this is <paramref name="other"/> or above it.</summary>
    public bool Contains(JsonPointer other) => other.Tokens.StartsWith(Tokens);

    /// <summary>The node of the tokens, which may be null in JSON; false when there is none.</summary>
    public static bool TryFind(JsonNode root, ReadOnlySpan<string> tokens, out JsonNode? found)
    {
        found = root;
        foreach (var token in tokens)
        {
            switch (found)
            {
                case JsonObject members when members.TryGetPropertyValue(token, out var member):
                    found = member;
                    break;
                case JsonArray items when TryIndex(token, items.Count - 1, out var index):
                    found = items[index];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    /// <summary>An array index: digits without leading zeros, at most <paramref name="indexMax"/>.</summary>
    public static bool TryIndex(string token, int indexMax, out int index)
    {
        index = 0;
        if (token.Length is 0 or > 9 || (token[0] == '0' && token.Length > 1)) return false;
        foreach (var digit in token)
        {
            if (!char.IsAsciiDigit(digit)) return false;
            index = (index * 10) + (digit - '0');
        }

        return index <= indexMax;
    }
}
