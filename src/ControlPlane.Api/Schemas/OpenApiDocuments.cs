using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>The published schemas: OpenAPI v3 one document a group version, and v2 as a whole. Pure text, made once and kept by the caller.</summary>
/// <remarks>What clients look for, and where: kubectl asks for the query parameter <c>fieldValidation</c> at the patch operation of a kind before it trusts the
/// server to validate, resolves <c>explain</c> from the get operation's kind to the type with the same <c>x-kubernetes-group-version-kind</c>, and reads merge keys from
/// the <c>x-kubernetes-patch-*</c> marks for <c>apply</c>.</remarks>
public static class OpenApiDocuments
{
    private const string Title = "ControlPlane";

    // The version of the API whose facts these are.
    private const string Version = "v1.32.0";

    private static readonly ImmutableArray<string> MediaTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
    private static readonly ImmutableArray<string> WatchMediaTypes = [.. MediaTypes, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

    /// <summary>The v3 document of <c>api/v1</c> or <c>apis/batch/v1</c>, UTF-8 JSON.</summary>
    public static byte[] V3(ResourceRegistry registry, string group, string version)
    {
        var resources = registry.All.Where(resource => resource.Group == group && resource.Version == version).ToList();
        var types = new OpenApiTypes(isV3: true, [.. GroupVersions(resources)]);
        var paths = Paths(resources, operation => V3Operation(operation, types), V3Parameter);
        types.ReferTo(OpenApiOperations.Meta + "Status");
        types.ReferTo(OpenApiOperations.Meta + "WatchEvent");
        return ToBytes(new()
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = Title, ["version"] = Version },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = types.ToDocument() },
        });
    }

    /// <summary>The v2 document, UTF-8 JSON.</summary>
    public static byte[] V2(ResourceRegistry registry) => ToBytes(V2Document(registry));

    /// <summary>The v2 document as <c>application/com.github.proto-openapi.spec.v2@v1.0+protobuf</c>, which kubectl asks for up to 1.28.</summary>
    public static byte[] V2Protobuf(ResourceRegistry registry) => OpenApiProtobuf.Encode(V2Document(registry));

    private static JsonObject V2Document(ResourceRegistry registry)
    {
        var types = new OpenApiTypes(isV3: false, [.. GroupVersions(registry.All)]);
        var paths = Paths(registry.All, operation => V2Operation(operation, types), V2Parameter);
        types.ReferTo(OpenApiOperations.Meta + "Status");
        types.ReferTo(OpenApiOperations.Meta + "WatchEvent");
        return new()
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = Title, ["version"] = Version },
            ["paths"] = paths,
            ["definitions"] = types.ToDocument(),
        };
    }

    private static IEnumerable<GroupVersionKind> GroupVersions(IEnumerable<ResourceDescriptor> resources) => resources.Select(resource => resource.Kind with { Kind = "" }).Distinct();

    private static JsonObject Paths(
        IEnumerable<ResourceDescriptor> resources, Func<OpenApiOperation, JsonObject> render, Func<string, string, string, bool, JsonObject> parameter)
    {
        var paths = new JsonObject();
        foreach (var path in resources.SelectMany(OpenApiOperations.Of).GroupBy(operation => operation.Path))
        {
            var item = new JsonObject();
            foreach (var operation in path) item[operation.Method] = render(operation);
            var shared = path.First().PathParameters.Select(name => (JsonNode?)parameter(name, "path", "string", true)).Append(parameter("pretty", "query", "string", false));
            item["parameters"] = new JsonArray([.. shared]);
            paths[path.Key] = item;
        }

        return paths;
    }

    private static JsonObject V3Operation(OpenApiOperation operation, OpenApiTypes types)
    {
        var body = Common(operation, V3Parameter);
        if (operation.Request is { } request)
        {
            body["requestBody"] = new JsonObject { ["content"] = Content(operation.IsPatch ? OpenApiOperations.PatchMediaTypes : MediaTypes, () => types.ReferTo(request)) };
        }

        var answer = new JsonObject { ["description"] = "OK" };
        answer["content"] = operation.Response is { } response
            ? Content(operation.Action == "list" ? WatchMediaTypes : MediaTypes, () => types.ReferTo(response))
            : Content(["text/plain"], () => new() { ["type"] = "string" });
        body["responses"] = Responses(operation, answer);
        return body;
    }

    private static JsonObject V2Operation(OpenApiOperation operation, OpenApiTypes types)
    {
        var body = Common(operation, V2Parameter);
        body["consumes"] = Texts(operation.IsPatch ? OpenApiOperations.PatchMediaTypes : ["*/*"]);
        body["produces"] = Texts(operation.Response is null ? ["text/plain"] : operation.Action == "list" ? WatchMediaTypes : MediaTypes);
        body["schemes"] = Texts(["https"]);
        if (operation.Request is { } request)
        {
            ((JsonArray)body["parameters"]!).Insert(0, new JsonObject { ["name"] = "body", ["in"] = "body", ["required"] = operation.Method != "delete", ["schema"] = types.ReferTo(request) });
        }

        var answer = new JsonObject { ["description"] = "OK", ["schema"] = operation.Response is { } response ? types.ReferTo(response) : new JsonObject { ["type"] = "string" } };
        body["responses"] = Responses(operation, answer);
        return body;
    }

    private static JsonObject Common(OpenApiOperation operation, Func<string, string, string, bool, JsonObject> parameter) => new()
    {
        ["operationId"] = operation.Id,
        ["parameters"] = new JsonArray([.. operation.Query.Select(query => (JsonNode?)parameter(query.Name, "query", query.Type, false))]),
        ["x-kubernetes-action"] = operation.Action,
        ["x-kubernetes-group-version-kind"] = OpenApiTypes.Kind(operation.Kind),
    };

    private static JsonObject Responses(OpenApiOperation operation, JsonObject answer)
    {
        var responses = new JsonObject { [operation.SuccessCode] = answer };
        // Writes may create or change; clients made from this document should expect both.
        if (operation.Action is "put" or "patch" or "post") responses[operation.SuccessCode == "200" ? "201" : "200"] = answer.DeepClone();
        responses["401"] = new JsonObject { ["description"] = "Unauthorized" };
        return responses;
    }

    private static JsonObject Content(IEnumerable<string> mediaTypes, Func<JsonObject> schema) =>
        new(mediaTypes.Select(mediaType => KeyValuePair.Create(mediaType, (JsonNode?)new JsonObject { ["schema"] = schema() })));

    private static JsonObject V3Parameter(string name, string place, string type, bool isRequired)
    {
        var parameter = V2Parameter(name, place, type, isRequired);
        parameter.Remove("type");
        parameter.Remove("uniqueItems");
        parameter["schema"] = new JsonObject { ["type"] = type, ["uniqueItems"] = true };
        return parameter;
    }

    private static JsonObject V2Parameter(string name, string place, string type, bool isRequired)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["type"] = type, ["uniqueItems"] = true };
        if (isRequired) parameter["required"] = true;
        else if (name == "pretty") parameter["description"] = "Indents the answer when true.";
        return parameter;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)text)]);

    private static byte[] ToBytes(JsonObject document) => Encoding.UTF8.GetBytes(document.ToJsonString());
}
