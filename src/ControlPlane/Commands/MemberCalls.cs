using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Commands;

/// <summary>What commands ask a server about the members of the store.</summary>
internal static class MemberCalls
{
    public const string Root = "/controlplane/v1/";

    private static readonly TimeSpan PromotePause = TimeSpan.FromMilliseconds(500);

    /// <exception cref="ApiException">The server refused.</exception>
    public static async Task<JsonObject> SendAsync(Cluster cluster, Terminal terminal, HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? bytes = body is null ? null : Encoding.UTF8.GetBytes(body.ToJsonString());
        var answer = await SlowWork.ShowAsync(terminal, "asking the servers", cluster.Connection.FetchAsync(method, Root + path, bytes, cancellationToken: cancellationToken));
        return JsonNode.Parse(answer) as JsonObject ?? throw new CommandException("the server's answer is not what this program expects; are both of one version?");
    }

    /// <summary>Promotes, and asks again while the learner is not ready and there is patience left.</summary>
    public static async Task<JsonObject> PromoteAsync(Cluster cluster, Terminal terminal, string who, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await SendAsync(cluster, terminal, HttpMethod.Post, $"members/{Uri.EscapeDataString(who)}/promote", null, cancellationToken);
            }
            catch (ApiException refusal) when (refusal.Status.Code == 409 && TimeProvider.System.GetElapsedTime(started) < patience)
            {
                await Task.Delay(PromotePause, cancellationToken);
            }
        }
    }
}
