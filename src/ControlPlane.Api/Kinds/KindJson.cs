using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ControlPlane.Api.Kinds;

/// <summary>How typed views are read and written: camelCase, no nulls, no empty lists and maps, times in RFC 3339 with whole seconds.</summary>
/// <remarks>Source generation sets every init property, with the type's default where JSON says nothing: what must never be null has an initialiser
/// <b>and</b> an init accessor that replaces null.</remarks>
public static class KindJson
{
    private static readonly JsonSerializerOptions Options = MakeOptions();

    /// <summary>The source-generated (de)serialisation of a view, or of a part of one.</summary>
    public static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    /// <summary>A document a client may create from a view: <c>apiVersion</c> and <c>kind</c> first.</summary>
    public static JsonObject ToDocument<T>(T view) where T : class, IResource<T>
    {
        var document = new JsonObject { ["apiVersion"] = T.Resource.Kind.ApiVersion, ["kind"] = T.Resource.Kind.Kind };
        var fields = (JsonObject)JsonSerializer.SerializeToNode(view, T.TypeInfo)!;
        foreach (var (name, value) in fields.ToList())
        {
            fields.Remove(name);
            document[name] = value;
        }

        return document;
    }

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions(KindJsonContext.Default.Options)
        {
            TypeInfoResolver = KindJsonContext.Default.WithAddedModifier(LeaveOutWhatIsEmpty),
        };
        options.MakeReadOnly();
        return options;
    }

    // Kubernetes writes neither empty lists nor empty maps nor zero times; views hold them so that readers need not test for null.
    private static void LeaveOutWhatIsEmpty(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object) return;
        foreach (var property in type.Properties)
        {
            var propertyType = property.PropertyType;
            if (propertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(propertyType)) property.ShouldSerialize = (_, value) => value is IEnumerable items && HasAny(items);
            else if (propertyType == typeof(DateTimeOffset)) property.ShouldSerialize = (_, value) => value is DateTimeOffset time && time != default;
            // A new object has neither name (when it is to be generated) nor uid nor generation yet.
            else if (type.Type == typeof(ObjectMeta) && propertyType == typeof(string)) property.ShouldSerialize = (_, value) => value is string { Length: > 0 };
            else if (type.Type == typeof(ObjectMeta) && propertyType == typeof(long)) property.ShouldSerialize = (_, value) => value is not 0L;
        }
    }

    private static bool HasAny(IEnumerable items)
    {
        foreach (var _ in items) return true;
        return false;
    }
}

/// <summary>The generated metadata behind <see cref="KindJson"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters = [typeof(TimeConverter)])]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(CronJob))]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(Event))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(ServiceAccount))]
[JsonSerializable(typeof(PriorityClass))]
[JsonSerializable(typeof(Endpoints))]
[JsonSerializable(typeof(PodTemplateBody))]
[JsonSerializable(typeof(JobTemplateBody))]
[JsonSerializable(typeof(ObjectMeta))]
internal sealed partial class KindJsonContext : JsonSerializerContext;
