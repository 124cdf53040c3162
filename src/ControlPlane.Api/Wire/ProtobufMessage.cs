using System.Collections.Frozen;
using System.Collections.Immutable;

namespace ControlPlane.Api.Wire;

/// <summary>How a message looks in JSON.</summary>
internal enum ProtobufForm
{
    /// <summary>An object, field by field.</summary>
    Fields,

    /// <summary>The text in field 1.</summary>
    Quantity,

    /// <summary>RFC 3339, from seconds (1) and nanos (2); an empty message is no time.</summary>
    Time,

    /// <summary>The same with six digits of a second.</summary>
    MicroTime,

    /// <summary>By type (1): the number (2) or the text (3).</summary>
    IntOrString,

    /// <summary>The bytes in field 1 are the JSON.</summary>
    Json,

    /// <summary>A list: the texts in field 1.</summary>
    Strings,
}

internal enum ProtobufKind
{
    String,
    Int32,
    Int64,
    Bool,
    Double,
    Bytes,
    Message,
    Map,
}

/// <summary>A compiled message of <c>protobuf.json</c>. Immutable.</summary>
internal sealed class ProtobufMessage(string name, ProtobufForm form, ImmutableArray<ProtobufField> fields)
{
    public string Name => name;

    public ProtobufForm Form => form;

    public FrozenDictionary<int, ProtobufField> ByNumber { get; } = fields.ToFrozenDictionary(field => field.Number);

    /// <summary>Highest number first: the encoder writes backwards.</summary>
    public ImmutableArray<ProtobufField> Descending { get; } = [.. fields.OrderByDescending(field => field.Number)];
}

/// <summary>One field of a message.</summary>
internal sealed class ProtobufField(ProtobufCatalog catalog, string? messageName)
{
    private ProtobufMessage? _message;

    public required int Number { get; init; }

    /// <summary>The JSON name.</summary>
    public required string Name { get; init; }

    public required ProtobufKind Kind { get; init; }

    public bool IsRepeated { get; init; }

    /// <summary>Whether the message's fields stand among its parent's in JSON (<c>volumeSource</c>).</summary>
    public bool IsInline { get; init; }

    /// <summary>Whether a zero on the wire is a value. Fields that cannot be absent in the sender's memory are always sent, and their zero means "absent".</summary>
    public bool KeepsZero { get; init; }

    /// <summary>For <see cref="ProtobufKind.Map"/>: the value, with number 2; the key is a string with number 1.</summary>
    public ProtobufField? Value { get; init; }

    /// <summary>For <see cref="ProtobufKind.Message"/>.</summary>
    // Two threads may compile the same message at once; both results are equal and either may stay.
    public ProtobufMessage Message => _message ??= catalog.Get(messageName!);
}
