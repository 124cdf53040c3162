using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Errors;

/// <summary>The one table of what clients see when they are refused; <c>docs/errors.md</c> is the same table for people, and a test compares the two.
/// Messages, codes and details follow a real server's answers.</summary>
public static class ApiErrors
{
    // Present and empty: some answers of a real server have it so, and clients can tell.
    private static readonly ApiStatusDetails NoDetails = new(null, null, null, null, []);

    /// <summary>400: the request cannot be understood.</summary>
    public static ApiException BadRequest(string message) => new(new(400, "BadRequest", message));

    /// <summary>401: nobody known is asking.</summary>
    public static ApiException Unauthorized(string message = "Unauthorized") => new(new(401, "Unauthorized", message));

    /// <summary>403: a known user may not do this.</summary>
    public static ApiException Forbidden(ResourceDescriptor resource, string name, string detail) =>
        new(new(403, "Forbidden", $"{resource.QualifiedName} \"{name}\" is forbidden: {detail}", Details(resource, name)));

    /// <summary>404: no such object.</summary>
    public static ApiException NotFound(ResourceDescriptor resource, string name) =>
        new(new(404, "NotFound", $"{resource.QualifiedName} \"{name}\" not found", Details(resource, name)));

    /// <summary>405: the path exists, the method does not.</summary>
    public static ApiException MethodNotAllowed(string message = "the server does not allow this method on the requested resource") =>
        new(new(405, "MethodNotAllowed", message, NoDetails));

    /// <summary>406: no form the client takes.</summary>
    public static ApiException NotAcceptable(string message) => new(new(406, "NotAcceptable", message, NoDetails));

    /// <summary>409: the name is taken.</summary>
    public static ApiException AlreadyExists(ResourceDescriptor resource, string name) =>
        new(new(409, "AlreadyExists", $"{resource.QualifiedName} \"{name}\" already exists", Details(resource, name)));

    /// <summary>409: the object is not as the request takes it to be.</summary>
    public static ApiException Conflict(ResourceDescriptor resource, string name, string detail) =>
        new(new(409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedName} \"{name}\": {detail}", Details(resource, name)));

    /// <summary>409: somebody wrote in between.</summary>
    public static ApiException StaleConflict(ResourceDescriptor resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    /// <summary>410: the revision is no longer kept.</summary>
    public static ApiException Expired(string message) => new(new(410, "Expired", message));

    /// <summary>413: more than the server reads.</summary>
    public static ApiException TooLarge(string message) => new(new(413, "RequestEntityTooLarge", message));

    /// <summary>415: a body in a form the server does not read.</summary>
    public static ApiException UnsupportedMediaType(string message) => new(new(415, "UnsupportedMediaType", message));

    /// <summary>422: understood, and wrong, field by field.</summary>
    public static ApiException Invalid(GroupVersionKind kind, string name, FieldErrors errors)
    {
        var messages = errors.All.Select(error => $"{error.Field}: {error.Message}").Distinct().ToList();
        var joined = messages.Count == 1 ? messages[0] : $"[{string.Join(", ", messages)}]";
        var qualified = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
        return new(new(422, "Invalid", $"{qualified} \"{name}\" is invalid: {joined}", new(name, kind.Group, kind.Kind, null, [.. errors.All])));
    }

    /// <summary>422: a patch that does not apply. A real server says no more than the first sentence; the rest is what its users have to guess.</summary>
    public static ApiException PatchRejected(string detail) =>
        new(new(422, "Invalid", $"the server rejected our request due to an error in our request: {detail}", NoDetails));

    /// <summary>429: later.</summary>
    public static ApiException TooManyRequests(string message, int retryAfterSeconds) => new(new(429, "TooManyRequests", message, NoDetails with { RetryAfterSeconds = retryAfterSeconds }));

    /// <summary>500: a bug, or the world broke.</summary>
    public static ApiException Internal(string message) => new(new(500, "InternalError", message));

    /// <summary>503: no leader, or still starting.</summary>
    public static ApiException ServiceUnavailable(string message) => new(new(503, "ServiceUnavailable", message));

    /// <summary>504: not in time; a write may or may not have happened.</summary>
    public static ApiException Timeout(string message) => new(new(504, "Timeout", message, NoDetails));

    /// <summary>507: the store is full. A real server answers 500 with etcd's words, which no client can act on.</summary>
    public static ApiException InsufficientStorage(string message) => new(new(507, "InsufficientStorage", message, NoDetails));

    private static ApiStatusDetails Details(ResourceDescriptor resource, string name) => new(name, resource.Group, resource.Plural, null, []);
}
