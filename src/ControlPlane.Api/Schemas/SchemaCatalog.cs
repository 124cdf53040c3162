using System.Collections.Frozen;
using System.Text.Json;
using ControlPlane.Api.Facts;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>The types of <c>schemas.json</c> by name. Start-up only notes where each type lies; a type is compiled when it is first asked for.</summary>
internal sealed class SchemaCatalog
{
    private readonly byte[] _text;
    private readonly Dictionary<string, Range> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<GroupVersionKind, string> _names = [];
    private readonly FrozenDictionary<string, Slot> _slots;

    /// <summary>The built-in types.</summary>
    public static SchemaCatalog BuiltIn { get; } = new(EmbeddedFacts.Read("schemas.json"));

    private SchemaCatalog(byte[] text)
    {
        _text = text;
        var reader = new Utf8JsonReader(text);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            NoteKinds(ref reader, name);
            _places[name] = start..(int)reader.BytesConsumed;
        }

        _slots = _places.Keys.ToFrozenDictionary(name => name, _ => new Slot());
    }

    /// <summary>All type names, in the file's order.</summary>
    public IEnumerable<string> Names => _places.Keys;

    /// <summary>The type of a kind, or null.</summary>
    public string? NameOf(GroupVersionKind kind) => _names.GetValueOrDefault(kind);

    /// <summary>The compiled type.</summary>
    /// <exception cref="KeyNotFoundException">The file has no such type.</exception>
    // Two threads may compile the same type at once; both results are equal and either may stay.
    public SchemaNode Get(string name) => _slots[name].Node ??= new SchemaCompiler(this).Compile(name, TextOf(name));

    /// <summary>Whether there is such a type.</summary>
    public bool Contains(string name) => _places.ContainsKey(name);

    /// <summary>The type's JSON text as in the file.</summary>
    public ReadOnlyMemory<byte> TextOf(string name) => _text.AsMemory(_places[name]);

    // Leaves the reader at the end of the type.
    private void NoteKinds(ref Utf8JsonReader reader, string name)
    {
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != depth + 1) continue;
            var isKinds = reader.ValueTextEquals("x-kubernetes-group-version-kind"u8);
            reader.Read();
            // Types shared by all groups (DeleteOptions) carry a remark instead of a list.
            if (isKinds && reader.TokenType == JsonTokenType.StartArray)
            {
                using var kinds = JsonDocument.ParseValue(ref reader);
                foreach (var kind in kinds.RootElement.EnumerateArray())
                {
                    _names.TryAdd(new(kind.GetProperty("group").GetString()!, kind.GetProperty("version").GetString()!, kind.GetProperty("kind").GetString()!), name);
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private sealed class Slot
    {
        public SchemaNode? Node { get; set; }
    }
}
