using System.Text.Json.Nodes;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Pipeline;

namespace ControlPlane.ApiServer.Security;

/// <summary>Tells callers about themselves: who they are, whether they may, and what they may. Nothing is stored.</summary>
internal sealed class SelfReviews(IAuthorizer authorizer)
{
    private const string WhoAmI = "selfsubjectreviews.authentication.k8s.io";
    private const string MayI = "selfsubjectaccessreviews.authorization.k8s.io";
    private const string WhatMayI = "selfsubjectrulesreviews.authorization.k8s.io";

    public bool Knows(ResourceDescriptor resource) => resource.QualifiedName is WhoAmI or MayI or WhatMayI;

    /// <summary>The review with its status filled in.</summary>
    public JsonObject Answer(ResourceDescriptor resource, JsonObject review, Caller caller)
    {
        var answer = new JsonObject
        {
            ["kind"] = resource.Kind.Kind,
            ["apiVersion"] = resource.Kind.ApiVersion,
            ["metadata"] = new JsonObject { ["creationTimestamp"] = null },
        };
        if (review["spec"] is { } spec) answer["spec"] = spec.DeepClone();
        answer["status"] = resource.QualifiedName switch
        {
            WhoAmI => new JsonObject { ["userInfo"] = new JsonObject { ["username"] = caller.Name, ["groups"] = Texts(caller.Groups) } },
            MayI => Decide(review.Child("spec"), caller),
            _ => Rules(review.Child("spec").Text("namespace"), caller),
        };
        return answer;
    }

    private JsonObject Decide(JsonObject? spec, Caller caller)
    {
        AccessRequest request;
        if (spec.Child("resourceAttributes") is { } resource)
        {
            request = new AccessRequest(resource.Text("verb"), resource.Text("group"), resource.Text("resource"),
                Optional(resource.Text("subresource")), Optional(resource.Text("namespace")), Optional(resource.Text("name")), "");
        }
        else
        {
            var path = spec.Child("nonResourceAttributes");
            request = AccessRequest.ForPath(path.Text("verb"), path.Text("path"));
        }

        var isAllowed = authorizer.Allows(caller, request);
        var status = new JsonObject { ["allowed"] = isAllowed };
        if (!isAllowed) status["reason"] = request.DenialFor(caller);
        return status;
    }

    private JsonObject Rules(string @namespace, Caller caller)
    {
        var resourceRules = new JsonArray();
        var pathRules = new JsonArray();
        foreach (var rule in authorizer.RulesFor(caller, @namespace))
        {
            if (rule.Paths.Count > 0) pathRules.Add(new JsonObject { ["verbs"] = Texts(rule.Verbs), ["nonResourceURLs"] = Texts(rule.Paths) });
            else resourceRules.Add(new JsonObject { ["verbs"] = Texts(rule.Verbs), ["apiGroups"] = Texts(rule.Groups), ["resources"] = Texts(rule.Resources) });
        }

        return new JsonObject { ["resourceRules"] = resourceRules, ["nonResourceRules"] = pathRules, ["incomplete"] = false };
    }

    private static string? Optional(string text) => text.Length == 0 ? null : text;

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
