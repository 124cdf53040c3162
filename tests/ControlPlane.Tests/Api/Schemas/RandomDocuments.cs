using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;
using CsCheck;

namespace ControlPlane.Tests.Api.Schemas;

/// <summary>Documents that fit a kind's schema, with values that are not zero and in canonical spelling.</summary>
internal static class RandomDocuments
{
    private const int DepthMax = 7;

    public static Gen<JsonObject> Of(ResourceDescriptor resource) => Gen.Int.Select(seed =>
    {
        var document = new JsonObject { ["apiVersion"] = resource.Kind.ApiVersion, ["kind"] = resource.Kind.Kind };
        Fill(document, SchemaCatalog.BuiltIn.Get(resource.SchemaName), new Random(seed), 0);
        return document;
    });

    private static void Fill(JsonObject target, SchemaNode schema, Random random, int depth)
    {
        foreach (var field in schema.OrderedFields)
        {
            if (depth == 0 && field.Name is "apiVersion" or "kind" && target.ContainsKey(field.Name)) continue;
            // Wide at the top, sparse below: a pod has hundreds of fields.
            if (random.Next(depth < 2 ? 2 : 4) > 0 && !(depth == 0 && field.Name == "metadata")) continue;
            if (Value(field.Node, random, depth + 1) is { } value) target[field.Name] = value;
        }
    }

    private static JsonNode? Value(SchemaNode schema, Random random, int depth)
    {
        switch (schema.Type)
        {
            case SchemaType.Object:
                var members = new JsonObject();
                if (depth < DepthMax) Fill(members, schema, random, depth);
                return members;
            case SchemaType.Map when depth < DepthMax:
                return Value(schema.Element!.Node, random, depth + 1) is { } entry ? new JsonObject { [Word(random)] = entry } : null;
            case SchemaType.Array when depth < DepthMax:
                var items = new JsonArray();
                for (var i = random.Next(1, 3); i > 0; i--)
                {
                    if (Value(schema.Element!.Node, random, depth + 1) is { } item) items.Add(item);
                }

                return items.Count == 0 ? null : items;
            case SchemaType.FreeObject:
                return new JsonObject { ["f:spec"] = new JsonObject { [Word(random)] = new JsonObject() } };
            case SchemaType.String:
                return Word(random);
            case SchemaType.Int32:
                return JsonNumbers.Create(random.Next(2) == 0 ? random.Next(1, 100) : random.Next(int.MinValue, 0));
            case SchemaType.Int64:
                return JsonNumbers.Create(random.Next(2) == 0 ? random.Next(1, 100) : random.NextInt64(long.MinValue, 0));
            case SchemaType.Boolean:
                return true;
            case SchemaType.Double:
                return 1.5;
            case SchemaType.Bytes:
                return Convert.ToBase64String([(byte)random.Next(256), 2, 3]);
            case SchemaType.Time:
                return Timestamps.Format(DateTimeOffset.FromUnixTimeSeconds(random.Next()));
            case SchemaType.MicroTime:
                return Timestamps.FormatMicro(DateTimeOffset.FromUnixTimeSeconds(random.Next()).AddMicroseconds(random.Next(1_000_000)));
            case SchemaType.Quantity:
                return $"{random.Next(1, 100)}Gi";
            case SchemaType.IntOrString:
                return random.Next(2) == 0 ? JsonNumbers.Create(random.Next(1, 100)) : Word(random);
            default:
                return null;
        }
    }

    private static string Word(Random random) => random.Next(3) switch
    {
        0 => "ä€😀" + (char)random.Next('a', 'z'),
        1 => new string((char)random.Next('a', 'z'), random.Next(1, 200)),
        _ => ((char)random.Next('a', 'z')).ToString(),
    };
}
