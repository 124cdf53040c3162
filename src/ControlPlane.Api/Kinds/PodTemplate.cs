using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ControlPlane.Api.Kinds;

/// <summary>A pod to be: carried whole, so that fields no view knows reach the pod, with the view beside it.</summary>
[JsonConverter(typeof(PodTemplateConverter))]
public sealed record PodTemplate
{
    private PodTemplate(JsonElement raw, PodTemplateBody body)
    {
        Raw = raw;
        Metadata = body.Metadata;
        Spec = body.Spec;
    }

    /// <summary>An empty template.</summary>
    public static PodTemplate Empty { get; } = From(JsonElement.Parse("{}"u8));

    /// <summary>The template as it stands in the document.</summary>
    public JsonElement Raw { get; }

    public ObjectMeta Metadata { get; }

    public PodSpec Spec { get; }

    /// <param name="raw">A <c>PodTemplateSpec</c>; must outlive the template (an element of its own, not of a disposed document).</param>
    public static PodTemplate From(JsonElement raw) =>
        new(raw, raw.Deserialize(KindJson.TypeInfo<PodTemplateBody>()) ?? throw new JsonException("a pod template is an object"));

    /// <summary>A pod document made from the template: its labels, annotations, finalizers and spec, with a name and an owner.</summary>
    /// <param name="name">The pod's name.</param>
    /// <param name="owner">Its controller, or null.</param>
    public JsonObject ToPodDocument(string @namespace, string name, OwnerReference? owner) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = TemplateMetadata.For(Raw, @namespace, name, owner),
        ["spec"] = Raw.TryGetProperty("spec", out var spec) ? JsonObject.Create(spec)!.DeepClone() : new JsonObject(),
    };

    public bool Equals(PodTemplate? other) => other is not null && JsonElement.DeepEquals(Raw, other.Raw);

    public override int GetHashCode() => Spec.Containers.Length;
}

/// <summary>The typed half of a template.</summary>
internal sealed record PodTemplateBody
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public PodSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>Reads a template whole, writes it as it was.</summary>
public sealed class PodTemplateConverter : JsonConverter<PodTemplate>
{
    public override PodTemplate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        PodTemplate.From(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, PodTemplate value, JsonSerializerOptions options) => value.Raw.WriteTo(writer);
}

/// <summary>The metadata of an object made from a template.</summary>
internal static class TemplateMetadata
{
    public static JsonObject For(JsonElement template, string @namespace, string name, OwnerReference? owner)
    {
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = @namespace };
        if (template.TryGetProperty("metadata", out var given))
        {
            foreach (var field in given.EnumerateObject())
            {
                if (field.Name is "labels" or "annotations" && field.Value.ValueKind == JsonValueKind.Object) metadata[field.Name] = JsonObject.Create(field.Value);
                else if (field.Name == "finalizers" && field.Value.ValueKind == JsonValueKind.Array) metadata[field.Name] = JsonArray.Create(field.Value);
            }
        }

        if (owner is not null) metadata["ownerReferences"] = new JsonArray(JsonSerializer.SerializeToNode(owner, KindJson.TypeInfo<OwnerReference>()));
        return metadata;
    }
}
