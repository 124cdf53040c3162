using System.Diagnostics;
using System.Text.Json.Nodes;
using ControlPlane.Agent;

namespace ControlPlane.Tests.Agent;

/// <summary>An agent for one test, its folder, and waits that end with a dump.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<string> _notices = [];

    public TestAgent(FakeApi? api = null, string? data = null, Func<AgentOptions, AgentOptions>? change = null)
    {
        Api = api ?? new();
        Data = data ?? Directory.CreateTempSubdirectory("agent-").FullName;
        var options = new AgentOptions
        {
            Client = Api,
            DataDirectory = Data,
            NodeName = "n1",
            Notice = line =>
            {
                lock (_notices) _notices.Add(line);
            },
        };
        Host = new(change is null ? options : change(options));
    }

    public FakeApi Api { get; }

    public string Data { get; }

    public AgentHost Host { get; }

    /// <summary>A pod that runs a script in <c>sh</c>.</summary>
    public static JsonObject Sh(string script, string restartPolicy = "Never", Action<JsonObject>? container = null, Action<JsonObject>? spec = null)
    {
        var main = new JsonObject { ["name"] = "main", ["image"] = "busybox", ["command"] = new JsonArray("sh", "-c", script) };
        container?.Invoke(main);
        var pod = new JsonObject { ["restartPolicy"] = restartPolicy, ["containers"] = new JsonArray(main), ["terminationGracePeriodSeconds"] = 1 };
        spec?.Invoke(pod);
        return pod;
    }

    public JsonObject? Pod(string name) => Api.Find(ControlPlane.Api.Kinds.Pod.Resource, "default", name);

    public string Dump(string name) => $"{Pod(name)?["status"]?.ToJsonString()}\n{string.Join('\n', _notices)}";

    public Task<JsonObject> UntilAsync(string pod, string phase) => UntilAsync(pod, status => (string?)status["phase"] == phase, phase);

    /// <summary>Waits for a status and answers it.</summary>
    public async Task<JsonObject> UntilAsync(string pod, Func<JsonObject, bool> holds, string what)
    {
        await UntilAsync(() => Pod(pod)?["status"] is JsonObject status && holds(status), () => $"{what}: {Dump(pod)}");
        return (JsonObject)Pod(pod)!["status"]!;
    }

    public static async Task UntilAsync(Func<bool> holds, Func<string> dump)
    {
        var waited = Stopwatch.StartNew();
        using var pulse = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!holds())
        {
            Assert.True(waited.Elapsed < Patience, $"waited in vain: {dump()}");
            await pulse.WaitForNextTickAsync();
        }
    }

    /// <summary>All bytes a container wrote in one run.</summary>
    public string Log(string pod, int attempt = 0, string container = "main")
    {
        var uid = (string)Pod(pod)!["metadata"]!["uid"]!;
        return File.ReadAllText(Path.Combine(Data, "pods", uid, "logs", container, $"{attempt}.log"));
    }

    /// <summary>Empty before the agent told of the container.</summary>
    public static JsonObject State(JsonObject status, int container = 0) => status["containerStatuses"]?[container]?["state"] as JsonObject ?? [];

    public static string? Condition(JsonObject status, string type) => (string?)status["conditions"]!.AsArray().First(condition => (string?)condition!["type"] == type)!["status"];

    /// <summary>Ends the agent; what it left running is ended too.</summary>
    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync(killPods: true, CancellationToken.None);
        Directory.Delete(Data, recursive: true);
    }
}
