using System.Diagnostics;
using System.Text;
using ControlPlane.Etcd.Services;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.Etcd.Hosting;

/// <summary>What clients and probes ask beside gRPC, over plain HTTP: health, version, and a few figures.</summary>
internal sealed class SidePaths(ServedStore store)
{
    public async Task ServeAsync(HttpContext http, Func<Task> next)
    {
        switch (http.Request.Path.Value)
        {
            case "/health":
                var isHealthy = await IsServingAsync();
                await AnswerAsync(http, isHealthy, "application/json", isHealthy ? "{\"health\":\"true\"}" : "{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}");
                break;
            case "/livez":
                await AnswerAsync(http, true, "text/plain", "ok\n");
                break;
            case "/readyz":
                var isReady = await IsServingAsync();
                await AnswerAsync(http, isReady, "text/plain", isReady ? "ok\n" : "[-]serializable_read ok\n[-]linearizable_read failed: no leader\n");
                break;
            case "/version":
                await AnswerAsync(http, true, "application/json", $"{{\"etcdserver\":\"{ServedVersion.Server}\",\"etcdcluster\":\"{ServedVersion.Cluster}\"}}");
                break;
            case "/metrics":
                await AnswerAsync(http, true, "text/plain; version=0.0.4", Metrics());
                break;
            default:
                await next();
                break;
        }
    }

    private async Task<bool> IsServingAsync()
    {
        try
        {
            await store.ReadAsync(isSerializable: false);
            return true;
        }
        catch (Grpc.Core.RpcException)
        {
            return false;
        }
    }

    private static async Task AnswerAsync(HttpContext http, bool isWell, string contentType, string text)
    {
        http.Response.StatusCode = isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = contentType;
        var bytes = Encoding.UTF8.GetBytes(text);
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(bytes);
    }

    private string Metrics()
    {
        using var process = Process.GetCurrentProcess();
        var view = store.Store.Latest;
        var leadership = store.Store.Leadership;
        var text = new StringBuilder();
        Add("process_resident_memory_bytes", "gauge", process.WorkingSet64);
        Add("process_cpu_seconds_total", "counter", process.TotalProcessorTime.TotalSeconds);
        Add("etcd_server_has_leader", "gauge", leadership.Leader is null ? 0 : 1);
        Add("etcd_server_is_leader", "gauge", leadership.IsLeader ? 1 : 0);
        Add("etcd_debugging_mvcc_keys_total", "gauge", view.KeyCount);
        Add("etcd_debugging_mvcc_current_revision", "gauge", view.Revision.Value);
        Add("etcd_debugging_mvcc_compact_revision", "gauge", view.CompactionFloor.Value);
        Add("etcd_mvcc_db_total_size_in_bytes", "gauge", store.State?.DiskSizeBytes ?? view.LiveBytes);
        Add("etcd_mvcc_db_total_size_in_use_in_bytes", "gauge", view.LiveBytes);
        Add("etcd_server_quota_backend_bytes", "gauge", view.QuotaBytes);

        return text.ToString();

        void Add(string name, string kind, double value) => text.Append($"# TYPE {name} {kind}\n{name} {value}\n");
    }
}
