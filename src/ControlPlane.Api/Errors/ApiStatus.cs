using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace ControlPlane.Api.Errors;

/// <summary>The body of a refusal, <c>v1 Status</c>.</summary>
/// <param name="Code">The HTTP status code.</param>
/// <param name="Reason">Machine-readable, such as <c>NotFound</c>; "" when there is none.</param>
/// <param name="Message">For people: which field, what was wrong, what would be right.</param>
/// <param name="Details">About which object and which fields, or null.</param>
public sealed record ApiStatus(int Code, string Reason, string Message, ApiStatusDetails? Details = null)
{
    /// <summary>As <c>{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",…}</c>.</summary>
    public JsonObject ToDocument()
    {
        var document = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0) document["reason"] = Reason;
        if (Details is not null) document["details"] = Details.ToDocument();
        document["code"] = Code;
        return document;
    }
}

/// <param name="Name">The object's name, or null.</param>
/// <param name="Group">The group, null for core.</param>
/// <param name="Kind">The plural resource, or the kind for Invalid.</param>
/// <param name="Uid">The object's uid, or null.</param>
/// <param name="Causes">One a field.</param>
/// <param name="RetryAfterSeconds">When trying again makes sense, or null.</param>
public sealed record ApiStatusDetails(
    string? Name,
    string? Group,
    string? Kind,
    string? Uid,
    ImmutableArray<FieldError> Causes,
    int? RetryAfterSeconds = null)
{
    public JsonObject ToDocument()
    {
        var document = new JsonObject();
        if (Name is { Length: > 0 }) document["name"] = Name;
        if (Group is { Length: > 0 }) document["group"] = Group;
        if (Kind is { Length: > 0 }) document["kind"] = Kind;
        if (Uid is { Length: > 0 }) document["uid"] = Uid;
        if (!Causes.IsDefaultOrEmpty)
        {
            var causes = new JsonArray();
            foreach (var cause in Causes)
            {
                causes.Add(new JsonObject { ["reason"] = cause.Reason, ["message"] = cause.Message, ["field"] = cause.Field });
            }

            document["causes"] = causes;
        }

        if (RetryAfterSeconds is { } seconds) document["retryAfterSeconds"] = seconds;
        return document;
    }
}

/// <summary>A refusal on its way to the caller; thrown by the pipeline and by clients, caught once at each rim.</summary>
public sealed class ApiException(ApiStatus status, Exception? inner = null) : Exception(status.Message, inner)
{
    public ApiStatus Status => status;

    public bool IsNotFound => status.Reason == "NotFound";

    public bool IsConflict => status.Reason == "Conflict";

    public bool IsAlreadyExists => status.Reason == "AlreadyExists";
}
