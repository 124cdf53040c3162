using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Logs;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;
using ControlPlane.ApiServer.Watches;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary>Objects over HTTP: every verb on every kind, from its descriptor.</summary>
internal sealed class ResourceEndpoint(ApiPipeline pipeline, RequestBody body, AnswerWriter answers, WatchEndpoint watches, SelfReviews reviews, LogEndpoint logs)
{
    // Kinds whose deletion is answered with the object instead of a Status, as in Kubernetes.
    private static readonly HashSet<string> AnsweredWithObject = ["pods", "podtemplates", "serviceaccounts", "services"];

    /// <summary>The verb that a request means, in the words of authorisation.</summary>
    public static string VerbOf(HttpRequest request, RequestTarget target)
    {
        var isOne = target.Name is not null;
        return request.Method switch
        {
            "GET" or "HEAD" => (target.IsWatch || request.Flag("watch")) && target.Subresource is null ? "watch" : isOne ? "get" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => isOne ? "delete" : "deletecollection",
            _ => request.Method.ToLowerInvariant(),
        };
    }

    public Task ServeAsync(HttpContext http, RequestTarget target, string verb, Caller caller)
    {
        RequireVerb(target, verb);
        var cancellationToken = http.RequestAborted;
        if (target.Subresource == "log") return logs.ServeAsync(http, target.Key, cancellationToken);
        if (target.Subresource == "binding" || (target.Resource.Plural == "bindings" && target.Resource.Group.Length == 0)) return BindAsync(http, target, cancellationToken);
        if (reviews.Knows(target.Resource)) return ReviewAsync(http, target.Resource, caller, cancellationToken);
        return verb switch
        {
            "get" => GetAsync(http, target, cancellationToken),
            "list" => ListAsync(http, target, cancellationToken),
            "watch" => watches.ServeAsync(http, SelectionOf(http.Request, target), cancellationToken),
            "create" => CreateAsync(http, target, caller, cancellationToken),
            "update" => UpdateAsync(http, target, caller, cancellationToken),
            "patch" => PatchAsync(http, target, caller, cancellationToken),
            "delete" => DeleteAsync(http, target, cancellationToken),
            "deletecollection" => DeleteCollectionAsync(http, target, cancellationToken),
            _ => throw ApiErrors.MethodNotAllowed(),
        };
    }

    private static void RequireVerb(RequestTarget target, string verb)
    {
        // Only the collection is posted to, and only one object is put or patched.
        var fits = verb switch
        {
            "create" => target.Name is null || target.Subresource is not null,
            "update" or "patch" => target.Name is not null,
            _ => true,
        };
        var verbs = target.Resource.Verbs;
        if (target.Subresource is { } name) verbs = target.Resource.Subresources.First(subresource => subresource.Name == name).Verbs;
        var asVerb = verb == "watch" && !verbs.Contains("watch") && verbs.Contains("list") ? "none" : verb;
        if (!fits || !verbs.Contains(asVerb)) throw ApiErrors.MethodNotAllowed();
    }

    private static Selection SelectionOf(HttpRequest request, RequestTarget target)
    {
        var fields = request.Text("fieldSelector");
        // A watch of one object by its path.
        if (target.Name is { } name) fields = fields.Length == 0 ? $"metadata.name={name}" : $"{fields},metadata.name={name}";
        return Selection.Parse(target.Resource, target.Namespace, request.Text("labelSelector"), fields);
    }

    private AnswerForm FormOf(HttpRequest request, ResourceDescriptor resource, bool isList) =>
        Negotiation.Choose(request, isList, isWatch: false, allowsShapes: true, media => answers.CanEncode(media, resource, isList));

    private async Task GetAsync(HttpContext http, RequestTarget target, CancellationToken cancellationToken)
    {
        var form = FormOf(http.Request, target.Resource, isList: false);
        await answers.WriteAsync(http, 200, await pipeline.GetAsync(target.Key, http.Request.FreshnessOfGet(), cancellationToken), form);
    }

    private async Task ListAsync(HttpContext http, RequestTarget target, CancellationToken cancellationToken)
    {
        var form = FormOf(http.Request, target.Resource, isList: true);
        await answers.WriteAsync(http, await pipeline.ListAsync(ListRequestOf(http.Request, target), cancellationToken), target.Resource, form);
    }

    private static ListRequest ListRequestOf(HttpRequest request, RequestTarget target)
    {
        _ = request.Number("timeoutSeconds");
        var freshness = request.FreshnessOfList();
        var limit = request.Number("limit");
        var next = request.Text("continue");
        // Whatever is at hand is answered whole, as Kubernetes' cache does.
        if (freshness.Kind == FreshnessKind.Any && next.Length == 0) limit = null;
        return new ListRequest(SelectionOf(request, target), freshness, limit, next.Length == 0 ? null : next);
    }

    private async Task CreateAsync(HttpContext http, RequestTarget target, Caller caller, CancellationToken cancellationToken)
    {
        var form = FormOf(http.Request, target.Resource, isList: false);
        var sent = await body.ReadDocumentAsync(http.Request, target.Resource.Kind.Kind, cancellationToken);
        var @namespace = target.Namespace;
        // Posting to all namespaces means the one that the object names.
        if (target.Resource.IsNamespaced && @namespace is null) @namespace = sent.Document.Metadata().Text("namespace") is { Length: > 0 } named ? named : "default";
        var request = http.Request.WriteRequest(caller, "CreateOptions", sent.Duplicates);
        await AnswerAsync(http, 201, form, request.Warnings, () => pipeline.CreateAsync(target.Resource, @namespace, sent.Document, request, cancellationToken));
    }

    private async Task UpdateAsync(HttpContext http, RequestTarget target, Caller caller, CancellationToken cancellationToken)
    {
        var form = FormOf(http.Request, target.Resource, isList: false);
        var sent = await body.ReadDocumentAsync(http.Request, target.Resource.Kind.Kind, cancellationToken);
        var request = http.Request.WriteRequest(caller, "UpdateOptions", sent.Duplicates);
        await AnswerAsync(http, 200, form, request.Warnings, () => pipeline.UpdateAsync(target.Key, target.Subresource, sent.Document, request, cancellationToken));
    }

    private async Task PatchAsync(HttpContext http, RequestTarget target, Caller caller, CancellationToken cancellationToken)
    {
        var form = FormOf(http.Request, target.Resource, isList: false);
        var kind = RequestBody.MediaTypeOf(http.Request) switch
        {
            "application/json-patch+json" => PatchKind.Json,
            "application/merge-patch+json" => PatchKind.Merge,
            "application/strategic-merge-patch+json" => PatchKind.StrategicMerge,
            var other => throw ApiErrors.UnsupportedMediaType(other.StartsWith("application/apply-patch", StringComparison.Ordinal)
                ? "server-side apply is not served by this version; use kubectl apply without --server-side"
                : "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json"),
        };
        var request = http.Request.WriteRequest(caller, "PatchOptions", []);
        var patch = ParsePatch(await RequestBody.ReadAsync(http.Request, cancellationToken));
        await AnswerAsync(http, 200, form, request.Warnings, () => pipeline.PatchAsync(target.Key, target.Subresource, kind, patch, request, cancellationToken));
    }

    private static JsonNode ParsePatch(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonNode.Parse(bytes.Span) ?? throw ApiErrors.BadRequest("the patch is null; it must be a JSON object, or a list of operations");
        }
        catch (JsonException exception)
        {
            throw ApiErrors.BadRequest($"error decoding patch: {exception.Message}");
        }
    }

    private async Task AnswerAsync(HttpContext http, int code, AnswerForm form, List<string> warnings, Func<Task<ResourceObject>> write)
    {
        try
        {
            var answer = await write();
            WarningHeaders.Add(http.Response, warnings);
            await answers.WriteAsync(http, code, answer, form);
        }
        catch (ApiException)
        {
            // What was noticed before the refusal helps its reader too.
            WarningHeaders.Add(http.Response, warnings);
            throw;
        }
    }

    private async Task DeleteAsync(HttpContext http, RequestTarget target, CancellationToken cancellationToken)
    {
        var form = FormOf(http.Request, target.Resource, isList: false);
        var options = await body.ReadOptionalAsync(http.Request, "DeleteOptions", cancellationToken);
        var request = http.Request.DeleteRequest(options);
        try
        {
            var answer = await pipeline.DeleteAsync(target.Key, request, cancellationToken);
            WarningHeaders.Add(http.Response, request.Warnings);
            if (!answer.IsGone || AnsweredWithObject.Contains(target.Resource.QualifiedName)) await answers.WriteAsync(http, 200, answer.Object, form);
            else await answers.WriteAsync(http, 200, Success(target.Resource, answer.Object), form);
        }
        catch (ApiException)
        {
            WarningHeaders.Add(http.Response, request.Warnings);
            throw;
        }
    }

    private async Task DeleteCollectionAsync(HttpContext http, RequestTarget target, CancellationToken cancellationToken)
    {
        var form = FormOf(http.Request, target.Resource, isList: true);
        var options = await body.ReadOptionalAsync(http.Request, "DeleteOptions", cancellationToken);
        var request = http.Request.DeleteRequest(options);
        var page = await pipeline.DeleteCollectionAsync(ListRequestOf(http.Request, target), request, cancellationToken);
        WarningHeaders.Add(http.Response, request.Warnings.Distinct());
        await answers.WriteAsync(http, page, target.Resource, form);
    }

    private static JsonObject Success(ResourceDescriptor resource, ResourceObject deleted)
    {
        var details = new JsonObject { ["name"] = deleted.Name };
        if (resource.Group.Length > 0) details["group"] = resource.Group;
        details["kind"] = resource.Plural;
        details["uid"] = deleted.Uid;
        return new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details };
    }

    private async Task BindAsync(HttpContext http, RequestTarget target, CancellationToken cancellationToken)
    {
        var form = Negotiation.Choose(http.Request, isList: false, isWatch: false, allowsShapes: false, media => answers.CanEncode(media, target.Resource, false));
        var sent = (await body.ReadDocumentAsync(http.Request, "Binding", cancellationToken)).Document;
        var name = target.Name ?? sent.Metadata().Text("name");
        if (sent.Metadata().Text("name") is { Length: > 0 } given && given != name) throw ApiErrors.BadRequest($"name in URL does not match name in Binding object: {name}, {given}");
        var node = sent.Child("target");
        if (node.Text("kind") is not ("" or "Node"))
        {
            var errors = new FieldErrors();
            errors.NotSupported("target.kind", node.Text("kind"), "Node", "<empty>");
            throw ApiErrors.Invalid(new GroupVersionKind("", "v1", "Binding"), name, errors);
        }

        var binding = new PodBinding(target.Namespace ?? "default", name, sent.Metadata().Text("uid"), node.Text("name"));
        var refusal = (await pipeline.BindAsync([binding], http.Request.DryRun("CreateOptions"), cancellationToken))[0];
        if (refusal is not null) throw new ApiException(refusal);
        var success = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 };
        await answers.WriteAsync(http, 201, success, form);
    }

    private async Task ReviewAsync(HttpContext http, ResourceDescriptor resource, Caller caller, CancellationToken cancellationToken)
    {
        var form = Negotiation.Choose(http.Request, isList: false, isWatch: false, allowsShapes: false, media => answers.CanEncode(media, resource, false));
        var sent = await body.ReadDocumentAsync(http.Request, resource.Kind.Kind, cancellationToken);
        Documents.RequireKind(sent.Document, resource.Kind);
        await answers.WriteAsync(http, 201, reviews.Answer(resource, sent.Document, caller), form);
    }
}
