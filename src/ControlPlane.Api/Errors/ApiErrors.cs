using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Errors;

/// <summary>The one table of what clients see when they are refused: reason, HTTP code, when, what to do.
/// Messages, codes and details follow a real server's answers.</summary>
public static class ApiErrors
{
    // | factory             | code | reason                | when                                              |
    public static ApiException NotFound(ResourceDescriptor resource, string name) =>
        new(new(404, "NotFound", $"{resource.QualifiedName} \"{name}\" not found", Details(resource, name)));

    public static ApiException AlreadyExists(ResourceDescriptor resource, string name) =>
        new(new(409, "AlreadyExists", $"{resource.QualifiedName} \"{name}\" already exists", Details(resource, name)));

    public static ApiException Conflict(ResourceDescriptor resource, string name, string detail) =>
        new(new(409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedName} \"{name}\": {detail}", Details(resource, name)));

    public static ApiException StaleConflict(ResourceDescriptor resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException Invalid(GroupVersionKind kind, string name, FieldErrors errors)
    {
        var messages = errors.All.Select(error => $"{error.Field}: {error.Message}").Distinct().ToList();
        var joined = messages.Count == 1 ? messages[0] : $"[{string.Join(", ", messages)}]";
        var qualified = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
        return new(new(422, "Invalid", $"{qualified} \"{name}\" is invalid: {joined}", new(name, kind.Group, kind.Kind, null, [.. errors.All])));
    }

    public static ApiException BadRequest(string message) => new(new(400, "BadRequest", message));

    public static ApiException Unauthorized(string message = "Unauthorized") => new(new(401, "Unauthorized", message));

    public static ApiException Forbidden(ResourceDescriptor resource, string name, string detail) =>
        new(new(403, "Forbidden", $"{resource.QualifiedName} \"{name}\" is forbidden: {detail}", Details(resource, name)));

    public static ApiException MethodNotAllowed(string message = "the server does not allow this method on the requested resource") =>
        new(new(405, "MethodNotAllowed", message, new(null, null, null, null, [])));

    public static ApiException NotAcceptable(string message) => new(new(406, "NotAcceptable", message));

    public static ApiException UnsupportedMediaType(string message) => new(new(415, "UnsupportedMediaType", message));

    public static ApiException Expired(string message) => new(new(410, "Expired", message));

    public static ApiException TooLarge(string message) => new(new(413, "RequestEntityTooLarge", message));

    public static ApiException TooManyRequests(string message, int retryAfterSeconds) =>
        new(new(429, "TooManyRequests", message, new(null, null, null, null, [], retryAfterSeconds)));

    public static ApiException ServiceUnavailable(string message) => new(new(503, "ServiceUnavailable", message));

    public static ApiException Timeout(string message) => new(new(504, "Timeout", message));

    public static ApiException Internal(string message) => new(new(500, "InternalError", message));

    private static ApiStatusDetails Details(ResourceDescriptor resource, string name) => new(name, resource.Group, resource.Plural, null, []);
}
