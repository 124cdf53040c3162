using System.Collections.Frozen;
using System.Text.Json;
using ControlPlane.Api.Facts;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>The types of <c>schemas.json</c> by name. Start-up only notes where each type lies; a type is compiled when it is first asked for.</summary>
internal sealed class SchemaCatalog
{
    private readonly FactTable _types;
    private readonly FrozenDictionary<string, Slot> _slots;
    private readonly Dictionary<GroupVersionKind, string> _names = [];

    /// <summary>The built-in types.</summary>
    public static SchemaCatalog BuiltIn { get; } = new(new(EmbeddedFacts.Read("schemas.json")));

    private SchemaCatalog(FactTable types)
    {
        _types = types;
        _slots = types.Names.ToFrozenDictionary(name => name, _ => new Slot());
        foreach (var name in types.Names) NoteKinds(name);
    }

    /// <summary>The type of a kind, or null.</summary>
    public string? NameOf(GroupVersionKind kind) => _names.GetValueOrDefault(kind);

    /// <summary>Every kind with a type of its own, and the type's name.</summary>
    public IEnumerable<KeyValuePair<GroupVersionKind, string>> Kinds => _names;

    /// <summary>The compiled type.</summary>
    /// <exception cref="KeyNotFoundException">The file has no such type.</exception>
    // Two threads may compile the same type at once; both results are equal and either may stay.
    public SchemaNode Get(string name) => _slots[name].Node ??= new SchemaCompiler(this).Compile(name, TextOf(name));

    /// <summary>Whether there is such a type.</summary>
    public bool Contains(string name) => _types.Contains(name);

    /// <summary>The type's JSON text as in the file.</summary>
    public ReadOnlyMemory<byte> TextOf(string name) => _types.TextOf(name);

    private void NoteKinds(string name)
    {
        var reader = new Utf8JsonReader(TextOf(name).Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKinds = reader.ValueTextEquals("x-kubernetes-group-version-kind"u8);
            reader.Read();
            // Types shared by all groups (DeleteOptions) carry a remark instead of a list.
            if (!isKinds || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            using var kinds = JsonDocument.ParseValue(ref reader);
            foreach (var kind in kinds.RootElement.EnumerateArray())
            {
                _names.TryAdd(new(kind.GetProperty("group").GetString()!, kind.GetProperty("version").GetString()!, kind.GetProperty("kind").GetString()!), name);
            }
        }
    }

    private sealed class Slot
    {
        public SchemaNode? Node { get; set; }
    }
}
