using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.ApiServer.Security;
using ControlPlane.Replica;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary>The servers that keep the store, for their operator: list, add, promote, update, remove, move leadership, and the whole store as one file.</summary>
/// <param name="members">Null where the members are not ours to change, as those of an etcd.</param>
internal sealed class MemberEndpoint(IReplicatedStore store, IMemberOperations? members)
{
    public const string Root = "/controlplane/v1/";

    private const int BodySizeMax = 64 << 10;

    /// <summary>False when the path is not of this endpoint.</summary>
    public async Task<bool> TryServeAsync(HttpContext http, string path)
    {
        if (!path.StartsWith(Root, StringComparison.Ordinal)) return false;
        var method = http.Request.Method;
        string[] parts = [.. path[Root.Length..].Split('/').Select(Uri.UnescapeDataString)];
        if (parts is ["members"] && (HttpMethods.IsGet(method) || HttpMethods.IsHead(method)))
        {
            await AnswerAsync(http, List());
            return true;
        }

        if (parts is not (["members"] or ["members", _] or ["members", _, "promote"] or ["move-leader"] or ["snapshot"])) return false;
        if (!ApiMiddleware.CallerOf(http).IsIn(Caller.Masters)) throw new ApiException(new(403, "Forbidden", $"forbidden: only administrators ({Caller.Masters}) may use {path}"));
        if (members is null) throw new ApiException(new(501, "NotImplemented", "this server keeps its objects in an etcd; change its members with etcdctl"));
        await ServeAsync(http, method, parts, members);
        return true;
    }

    private async Task ServeAsync(HttpContext http, string method, string[] parts, IMemberOperations operations)
    {
        var gone = http.RequestAborted;
        switch (method, parts)
        {
            case ("POST", ["members"]):
                var body = await BodyAsync(http);
                await AnswerAsync(http, await operations.AddLearnerAsync(TextOf(body, "name", isRequired: true), TextOf(body, "peerAddress", isRequired: true)!, gone));
                break;
            case ("POST", ["members", var who, "promote"]):
                await AnswerAsync(http, await operations.PromoteAsync(Find(who), gone));
                break;
            case ("PUT", ["members", var who]):
                await AnswerAsync(http, await operations.UpdateAddressAsync(Find(who), TextOf(await BodyAsync(http), "peerAddress", isRequired: true)!, gone));
                break;
            case ("DELETE", ["members", var who]):
                await AnswerAsync(http, await operations.RemoveAsync(Find(who), gone));
                break;
            case ("POST", ["move-leader"]):
                var target = TextOf(await BodyAsync(http), "target", isRequired: false);
                await AnswerAsync(http, await operations.MoveLeaderAsync(target is null ? null : Find(target), gone));
                break;
            case ("GET", ["snapshot"]):
                http.Response.ContentType = "application/octet-stream";
                // Its own checksums say whether it is whole; how long it will be is not known before it is written.
                await operations.WriteSnapshotAsync(http.Response.Body, gone);
                break;
            default:
                throw ApiErrors.MethodNotAllowed();
        }
    }

    private JsonObject List() => new()
    {
        ["members"] = new JsonArray([.. store.Members.Select(ToJson)]),
        ["clusterId"] = members?.State.Cluster.ToString(),
        ["versionFloor"] = members?.State.VersionFloor,
    };

    private MemberId Find(string who)
    {
        if (store.Members.FirstOrDefault(member => member.Name == who) is { } named) return named.Id;
        if (ulong.TryParse(who, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return new MemberId(id);
        throw new ApiException(new(404, "NotFound", $"there is no member {who}; the members are {string.Join(", ", store.Members.Select(member => member.Name))}"));
    }

    private static JsonObject ToJson(MemberStatus member)
    {
        var document = new JsonObject
        {
            ["name"] = member.Name,
            ["id"] = member.Id.ToString(),
            ["role"] = member.Role.ToString().ToLowerInvariant(),
            ["peerAddress"] = member.PeerAddress,
            ["state"] = StateOf(member),
        };
        if (member is { HasStarted: true, UnreachableSince: { } since }) document["unreachableSince"] = since.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        if (member.MatchIndex is { } match) document["matchIndex"] = match;
        if (member.VersionLevel is { } level) document["versionLevel"] = level;
        return document;
    }

    private static string StateOf(MemberStatus member)
    {
        if (!member.HasStarted) return "not started";
        return member.UnreachableSince is null ? "reachable" : "unreachable";
    }

    private static async Task AnswerAsync(HttpContext http, MembershipOutcome outcome)
    {
        switch (outcome)
        {
            case MembershipOutcome.Done(var member):
                await AnswerAsync(http, ToJson(member));
                break;
            case MembershipOutcome.Refused(var problem, var reason):
                throw problem switch
                {
                    MembershipProblem.NoSuchMember => new ApiException(new(404, "NotFound", reason)),
                    MembershipProblem.NoLeader => ApiErrors.ServiceUnavailable(reason),
                    _ => new ApiException(new(409, "Conflict", reason)),
                };
            case MembershipOutcome.Unknown(var reason):
                throw ApiErrors.Timeout(reason);
        }
    }

    private static async Task AnswerAsync(HttpContext http, JsonObject document)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(document);
        http.Response.ContentType = "application/json";
        http.Response.Headers["X-Content-Type-Options"] = "nosniff";
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
    }

    private static async Task<JsonObject> BodyAsync(HttpContext http)
    {
        if (http.Request.ContentLength is null or 0) return [];
        if (http.Request.ContentLength > BodySizeMax) throw ApiErrors.TooLarge($"Request entity too large: limit is {BodySizeMax}");
        try
        {
            if (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted) is JsonObject body) return body;
        }
        catch (JsonException broken)
        {
            throw ApiErrors.BadRequest($"the body is not JSON: {broken.Message}");
        }

        throw ApiErrors.BadRequest("the body is not a JSON object");
    }

    private static string? TextOf(JsonObject body, string field, bool isRequired)
    {
        if (body[field] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0) return text;
        if (body[field] is not null) throw ApiErrors.BadRequest($"{field}: a text that is not empty is needed");
        return isRequired ? throw ApiErrors.BadRequest($"{field}: is required") : null;
    }
}
