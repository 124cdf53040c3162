using System.Globalization;
using System.Text.Json;
using ControlPlane.Api.Facts;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Wire;

/// <summary>The messages of <c>protobuf.json</c>, compiled when first asked for and joined with the JSON names of <c>schemas.json</c>.</summary>
internal sealed class ProtobufCatalog
{
    private const string MetaPackage = "k8s.io.apimachinery.pkg.apis.meta.v1.";

    private readonly FactTable _messages = new(EmbeddedFacts.Read("protobuf.json"));
    private readonly Dictionary<string, Slot> _slots;
    private readonly Dictionary<(string Group, string Version), string> _packages = [];

    /// <summary>The built-in messages.</summary>
    public static ProtobufCatalog BuiltIn { get; } = new();

    private ProtobufCatalog()
    {
        _slots = _messages.Names.ToDictionary(name => name, _ => new Slot(), StringComparer.Ordinal);
        foreach (var (kind, schema) in SchemaCatalog.BuiltIn.Kinds)
        {
            // "io.k8s.api.batch.v1.Job" is "k8s.io.api.batch.v1.Job" here; meta types are listed under v1 and must not name core's package.
            if (!schema.StartsWith("io.k8s.apimachinery.", StringComparison.Ordinal)) _packages.TryAdd((kind.Group, kind.Version), $"k8s.io.{schema["io.k8s.".Length..schema.LastIndexOf('.')]}.");
        }
    }

    /// <summary>The message of a kind (lists, Status and options too), or null when it has none.</summary>
    public ProtobufMessage? Find(GroupVersionKind kind)
    {
        if (_packages.TryGetValue((kind.Group, kind.Version), out var package) && _messages.Contains(package + kind.Kind)) return Get(package + kind.Kind);
        return _messages.Contains(MetaPackage + kind.Kind) ? Get(MetaPackage + kind.Kind) : null;
    }

    /// <exception cref="KeyNotFoundException">The file has no such message.</exception>
    public ProtobufMessage Get(string name) => _slots[name].Message ??= Compile(name);

    private ProtobufMessage Compile(string name)
    {
        var form = name[(name.LastIndexOf('.') + 1)..] switch
        {
            "Quantity" => ProtobufForm.Quantity,
            "Time" => ProtobufForm.Time,
            "MicroTime" => ProtobufForm.MicroTime,
            "IntOrString" => ProtobufForm.IntOrString,
            "FieldsV1" or "RawExtension" or "JSON" => ProtobufForm.Json,
            "ExtraValue" or "Verbs" => ProtobufForm.Strings,
            _ => ProtobufForm.Fields,
        };
        using var rows = JsonDocument.Parse(_messages.TextOf(name));
        var schemaName = $"io.k8s.{name["k8s.io.".Length..]}";
        var schema = form == ProtobufForm.Fields && SchemaCatalog.BuiltIn.Contains(schemaName) ? SchemaCatalog.BuiltIn.Get(schemaName) : null;
        return new(name, form, [.. rows.RootElement.EnumerateObject().Select(row => Field(name, row, schema))]);
    }

    private ProtobufField Field(string message, JsonProperty row, SchemaNode? schema)
    {
        var type = row.Value[1].GetString()!;
        var isRepeated = type.StartsWith("repeated ", StringComparison.Ordinal);
        if (isRepeated) type = type["repeated ".Length..];
        var number = row.Value[0].GetInt32();
        // Go's code generator spells a few fields with other capitals than JSON does.
        var known = schema?.OrderedFields.FirstOrDefault(field => string.Equals(field.Name, row.Name, StringComparison.OrdinalIgnoreCase));
        var name = known?.Name ?? row.Name;
        if (type.StartsWith("map<string, ", StringComparison.Ordinal))
        {
            var value = Typed(message, type["map<string, ".Length..^1], 2, "", false, false, true);
            return new(this, null) { Number = number, Name = name, Kind = ProtobufKind.Map, Value = value };
        }

        // A message that JSON has no field for lends its fields to its parent.
        var isInline = schema is { Type: SchemaType.Object } && known is null && ScalarKind(type) is null;
        var shortName = message[(message.LastIndexOf('.') + 1)..];
        var keepsZero = isRepeated || known is { IsRequired: true } || ProtobufZeros.AreKept(shortName, name, ScalarKind(type) ?? ProtobufKind.Message);
        return Typed(message, type, number, name, isRepeated, isInline, keepsZero);
    }

    private ProtobufField Typed(string message, string type, int number, string name, bool isRepeated, bool isInline, bool keepsZero) => new(this, ScalarKind(type) is null ? Resolve(message, type) : null)
    {
        Number = number,
        Name = name,
        Kind = ScalarKind(type) ?? ProtobufKind.Message,
        IsRepeated = isRepeated,
        IsInline = isInline,
        KeepsZero = keepsZero,
    };

    private static ProtobufKind? ScalarKind(string type) => type switch
    {
        "string" => ProtobufKind.String,
        "int32" => ProtobufKind.Int32,
        "int64" => ProtobufKind.Int64,
        "bool" => ProtobufKind.Bool,
        "double" => ProtobufKind.Double,
        "bytes" => ProtobufKind.Bytes,
        _ => null,
    };

    // Absolute names have dots, all others live in the message's own package.
    private string Resolve(string message, string type)
    {
        var name = type.Contains('.') ? type.TrimStart('.') : string.Create(CultureInfo.InvariantCulture, $"{message.AsSpan(0, message.LastIndexOf('.') + 1)}{type}");
        Invariant.That(_messages.Contains(name));
        return name;
    }

    private sealed class Slot
    {
        public ProtobufMessage? Message { get; set; }
    }
}
