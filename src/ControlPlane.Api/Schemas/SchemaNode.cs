using System.Collections.Frozen;
using System.Collections.Immutable;

namespace ControlPlane.Api.Schemas;

/// <summary>What a JSON value of a type looks like.</summary>
internal enum SchemaType
{
    /// <summary>Any JSON value, left as it is.</summary>
    Any,

    /// <summary>A JSON object with unknown members, left as it is: <c>FieldsV1</c>, <c>RawExtension</c>.</summary>
    FreeObject,

    /// <summary>Named fields.</summary>
    Object,

    /// <summary>Free keys, values of one type.</summary>
    Map,

    Array,
    String,
    Int32,
    Int64,
    Double,
    Boolean,

    /// <summary>Base64 text.</summary>
    Bytes,

    /// <summary>RFC 3339 with whole seconds.</summary>
    Time,

    /// <summary>RFC 3339 with six digits of a second.</summary>
    MicroTime,

    /// <summary>A string or a number, stored as a canonical string.</summary>
    Quantity,

    IntOrString,
}

/// <summary>A compiled type of <c>schemas.json</c>. Immutable; references to other types are followed when first asked for, because types refer to
/// themselves and most are never needed.</summary>
internal sealed class SchemaNode
{
    /// <summary>The type's name in the file, or null for a type written in place.</summary>
    public string? Name { get; init; }

    public required SchemaType Type { get; init; }

    /// <summary>For <see cref="SchemaType.Object"/>; by JSON name.</summary>
    public FrozenDictionary<string, SchemaField> Fields { get; init; } = FrozenDictionary<string, SchemaField>.Empty;

    /// <summary>The fields in the file's order, which is alphabetical.</summary>
    public ImmutableArray<SchemaField> OrderedFields { get; init; } = [];

    /// <summary>For <see cref="SchemaType.Array"/> and <see cref="SchemaType.Map"/>: the element's place.</summary>
    public SchemaField? Element { get; init; }

    /// <summary>Whether the type as a whole is one value for patches and field ownership (<c>x-kubernetes-map-type: atomic</c>).</summary>
    public bool IsAtomic { get; init; }
}

/// <summary>A place where a value may stand: a field of an object, or the element of an array or map.</summary>
internal sealed class SchemaField
{
    private readonly SchemaCatalog _catalog;
    private readonly string? _reference;
    private SchemaNode? _node;

    public SchemaField(SchemaCatalog catalog, string name, SchemaNode? node, string? reference)
    {
        Invariant.That(node is null != reference is null);
        _catalog = catalog;
        _node = node;
        _reference = reference;
        Name = name;
    }

    /// <summary>The JSON name; "" for elements.</summary>
    public string Name { get; }

    public bool IsRequired { get; init; }

    /// <summary><c>atomic</c>, <c>set</c>, <c>map</c>, or "".</summary>
    public string ListType { get; init; } = "";

    public ImmutableArray<string> ListMapKeys { get; init; } = [];

    /// <summary>The key strategic merge patches match elements by, or null.</summary>
    public string? PatchMergeKey { get; init; }

    /// <summary>Whether <c>x-kubernetes-patch-strategy</c> names <c>merge</c>.</summary>
    public bool IsPatchMerged { get; init; }

    /// <summary>Whether <c>x-kubernetes-patch-strategy</c> names <c>retainKeys</c>.</summary>
    public bool RetainsKeys { get; init; }

    /// <summary>The type of the value.</summary>
    // Two threads may compile the same type at once; both results are equal and either may stay.
    public SchemaNode Node => _node ??= _catalog.Get(_reference!);
}
