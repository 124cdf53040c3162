using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Agent.Processes;
using ControlPlane.Api.Kinds;
using static ControlPlane.Tests.Agent.TestAgent;

namespace ControlPlane.Tests.Agent.Processes;

/// <summary>Real processes against an API in memory.</summary>
public sealed class ProcessPodTests
{
    // In a manifest "$$" means one dollar, as Kubernetes has it; so "$$$$" is what the shell reads as its own pid.
    [Fact]
    public async Task A_job_pod_runs_to_completion_and_leaves_its_log()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh("echo out; echo err >&2"));
        var status = await agent.UntilAsync("a", "Succeeded");
        Assert.Equal("Completed", (string?)State(status)["terminated"]!["reason"]);
        Assert.Equal(0, (int)State(status)["terminated"]!["exitCode"]!);
        Assert.Equal("out\nerr\n", agent.Log("a"));
        Assert.Equal("False", Condition(status, "Ready"));
        Assert.Equal("True", Condition(status, "PodScheduled"));
        Assert.StartsWith("process://", (string?)status["containerStatuses"]![0]!["containerID"]);
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("kill -9 $$$$", 137)]
    [InlineData("kill -15 $$$$", 143)]
    public async Task Exit_codes_and_signals_are_told(string script, int exitCode)
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh(script));
        var status = await agent.UntilAsync("a", "Failed");
        Assert.Equal(exitCode, (int)State(status)["terminated"]!["exitCode"]!);
        Assert.Equal("Error", (string?)State(status)["terminated"]!["reason"]);
        Assert.Equal("", agent.Log("a"));
    }

    [Fact]
    public async Task Variables_come_from_values_references_and_fields()
    {
        await using var agent = new TestAgent();
        agent.Api.Add(ConfigMap.Resource, Object("settings", new() { ["data"] = new JsonObject { ["colour"] = "blue", ["SIZE"] = "9" } }));
        agent.Api.Add(Secret.Resource, Object("keys", new() { ["data"] = new JsonObject { ["token"] = Convert.ToBase64String("s3"u8) } }));
        await agent.Host.StartAsync(default);
        // The container's own shell drops odd names as well; its environment as it was started still has them.
        agent.Api.AddPod("a", Sh("echo $COLOUR $TOKEN $NODE $LABEL $BOTH $PRE_SIZE $MISSING-; tr '\\0' '\\n' </proc/$$$$/environ | grep odd; echo \"$@\"", container: main =>
        {
            main["args"] = new JsonArray("$(BOTH)", "$$(BOTH)", "$(UNKNOWN)");
            main["command"]!.AsArray().Add("zero");
            main["envFrom"] = new JsonArray(new JsonObject { ["prefix"] = "PRE_", ["configMapRef"] = new JsonObject { ["name"] = "settings" } });
            main["env"] = new JsonArray(
                Reference("COLOUR", "configMapKeyRef", new() { ["name"] = "settings", ["key"] = "colour" }),
                Reference("TOKEN", "secretKeyRef", new() { ["name"] = "keys", ["key"] = "token" }),
                Reference("NODE", "fieldRef", new() { ["fieldPath"] = "spec.nodeName" }),
                Reference("LABEL", "fieldRef", new() { ["fieldPath"] = "metadata.labels['app']" }),
                Reference("MISSING", "configMapKeyRef", new() { ["name"] = "nowhere", ["key"] = "x", ["optional"] = true }),
                new JsonObject { ["name"] = "BOTH", ["value"] = "$(COLOUR)+$(TOKEN)" },
                new JsonObject { ["name"] = "odd.name", ["value"] = "kept" });
        }), labels: new() { ["app"] = "web" });
        await agent.UntilAsync("a", "Succeeded");
        Assert.Equal("blue s3 n1 web blue+s3 9 -\nodd.name=kept\nblue+s3 $(BOTH) $(UNKNOWN)\n", agent.Log("a"));
    }

    [Fact]
    public async Task A_missing_config_map_keeps_the_container_waiting_until_it_is_there()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh("echo $V", container: main => main["env"] = new JsonArray(Reference("V", "configMapKeyRef", new() { ["name"] = "late", ["key"] = "v" }))));
        var status = await agent.UntilAsync("a", status => (string?)State(status)["waiting"]?["reason"] == "CreateContainerConfigError", "CreateContainerConfigError");
        Assert.Equal("configmap \"late\" not found", (string?)State(status)["waiting"]!["message"]);
        Assert.Equal(0, (int)status["containerStatuses"]![0]!["restartCount"]!);
        agent.Api.Add(ConfigMap.Resource, Object("late", new() { ["data"] = new JsonObject { ["v"] = "came" } }));
        await agent.UntilAsync("a", "Succeeded");
        Assert.Equal("came\n", agent.Log("a"));
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named_in_the_status()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh("", container: main => main["command"] = new JsonArray("no-such-program")));
        var status = await agent.UntilAsync("a", "Failed");
        Assert.Equal("StartError", (string?)State(status)["terminated"]!["reason"]);
        Assert.Contains("no-such-program", (string?)State(status)["terminated"]!["message"]);
        Assert.Equal(128, (int)State(status)["terminated"]!["exitCode"]!);
    }

    [Fact]
    public async Task A_container_without_a_command_is_refused_with_the_remedy()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh("", container: main => main.Remove("command")));
        var status = await agent.UntilAsync("a", "Failed");
        Assert.Contains("set command in the manifest", (string?)State(status)["terminated"]!["message"]);
    }

    [Fact]
    public async Task Deletion_asks_first_and_kills_after_the_grace()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("polite", Sh("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"));
        agent.Api.AddPod("stubborn", Sh("trap '' TERM; echo up; while :; do sleep 0.05; done"));
        await UntilAsync(() => IsUp(agent, "polite") && IsUp(agent, "stubborn"), () => agent.Dump("stubborn"));
        var (politeLog, stubbornUid) = (LogPath(agent, "polite"), agent.Pod("stubborn")!["metadata"]!["uid"]);
        agent.Api.RequestDeletion("polite", 30);
        await UntilAsync(() => agent.Pod("polite") is null, () => agent.Dump("polite"));
        agent.Api.RequestDeletion("stubborn", 1);
        await UntilAsync(() => agent.Pod("stubborn") is null, () => agent.Dump("stubborn"));
        await UntilAsync(() => !Directory.Exists(Path.Combine(agent.Data, "pods", (string)stubbornUid!)), () => "the pod's folder is left");
        Assert.Contains("delete pods/polite", agent.Api.Writes);
        Assert.False(File.Exists(politeLog));
    }

    [Fact]
    public async Task A_pod_ends_with_everything_it_started()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh("sleep 1000 & echo $!"));
        await agent.UntilAsync("a", "Succeeded");
        var child = int.Parse(agent.Log("a"), CultureInfo.InvariantCulture);
        await UntilAsync(() => !IsRunning(child), () => $"process {child} is left");
    }

    [Fact]
    public async Task A_pod_whose_object_is_gone_is_ended()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh("echo $$$$; sleep 1000"));
        await UntilAsync(() => IsUp(agent, "a"), () => agent.Dump("a"));
        var pid = int.Parse(agent.Log("a"), CultureInfo.InvariantCulture);
        agent.Api.Remove(Pod.Resource, "default", "a");
        await UntilAsync(() => !IsRunning(pid), () => "still running");
    }

    [Fact]
    public async Task Work_goes_on_while_the_api_is_away_and_is_told_when_it_is_back()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        var gate = Path.Combine(agent.Data, "gate");
        agent.Api.AddPod("a", Sh($"echo up; while [ ! -e {gate} ]; do sleep 0.02; done; echo done"));
        await agent.UntilAsync("a", "Running");
        agent.Api.IsAway = true;
        File.WriteAllText(gate, "");
        await UntilAsync(() => agent.Log("a").EndsWith("done\n", StringComparison.Ordinal), () => agent.Log("a"));
        Assert.Equal("Running", (string?)agent.Pod("a")!["status"]!["phase"]);
        agent.Api.IsAway = false;
        await agent.UntilAsync("a", "Succeeded");
    }

    [Fact]
    public async Task A_new_agent_takes_over_what_the_old_one_left_running()
    {
        var api = new FakeApi();
        var data = Directory.CreateTempSubdirectory("agent-").FullName;
        var first = new TestAgent(api, data);
        await first.Host.StartAsync(default);
        var gate = Path.Combine(data, "gate");
        api.AddPod("runs", Sh($"echo $$$$; while [ ! -e {gate} ]; do sleep 0.02; done; echo done; exit 7"));
        api.AddPod("ends", Sh($"while [ ! -e {gate}2 ]; do sleep 0.02; done; exit 8"));
        await first.UntilAsync("runs", "Running");
        await first.UntilAsync("ends", "Running");
        await UntilAsync(() => first.Log("runs").Length > 0, () => "no pid");
        await first.Host.StopAsync(killPods: false, default);

        // One ends while no agent is there.
        File.WriteAllText(gate + "2", "");
        var exitFile = Path.Combine(data, "pods", (string)first.Pod("ends")!["metadata"]!["uid"]!, "logs", "main", "0.exit");
        await UntilAsync(() => File.Exists(exitFile), () => "no exit code was kept");
        Assert.True(IsRunning(int.Parse(first.Log("runs"), CultureInfo.InvariantCulture)));

        await using var second = new TestAgent(api, data);
        await second.Host.StartAsync(default);
        var ended = await second.UntilAsync("ends", "Failed");
        Assert.Equal(8, (int)State(ended)["terminated"]!["exitCode"]!);
        File.WriteAllText(gate, "");
        var ran = await second.UntilAsync("runs", "Failed");
        Assert.Equal(7, (int)State(ran)["terminated"]!["exitCode"]!);
        Assert.EndsWith("done\n", second.Log("runs"));
        Assert.Equal(0, (int)ran["containerStatuses"]![0]!["restartCount"]!);
    }

    [Fact]
    public async Task Init_containers_run_in_order_before_the_others()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        var file = Path.Combine(agent.Data, "order");
        agent.Api.AddPod("a", Sh($"echo main >>{file}", spec: pod => pod["initContainers"] = new JsonArray(
            new JsonObject { ["name"] = "one", ["command"] = new JsonArray("sh", "-c", $"sleep 0.1; echo one >>{file}") },
            new JsonObject { ["name"] = "two", ["command"] = new JsonArray("sh", "-c", $"echo two >>{file}") })));
        var status = await agent.UntilAsync("a", "Succeeded");
        Assert.Equal("one\ntwo\nmain\n", await File.ReadAllTextAsync(file));
        Assert.True((bool)status["initContainerStatuses"]![1]!["ready"]!);
    }

    [Fact]
    public async Task A_failed_container_is_restarted_at_once_and_then_with_back_off()
    {
        await using var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh("echo try; exit 1", restartPolicy: "OnFailure"));
        var status = await agent.UntilAsync("a", status => (string?)State(status)["waiting"]?["reason"] == "CrashLoopBackOff" && (int)status["containerStatuses"]![0]!["restartCount"]! == 1, "CrashLoopBackOff");
        Assert.Equal("Running", (string?)status["phase"]);
        Assert.Equal(1, (int)status["containerStatuses"]![0]!["lastState"]!["terminated"]!["exitCode"]!);
        Assert.Equal("try\n", agent.Log("a", 1));
    }

    [Fact]
    public async Task Stopping_with_pods_ends_them_and_tells_why()
    {
        var agent = new TestAgent();
        await agent.Host.StartAsync(default);
        agent.Api.AddPod("a", Sh("echo $$$$; sleep 1000"));
        await UntilAsync(() => IsUp(agent, "a"), () => agent.Dump("a"));
        var pid = int.Parse(agent.Log("a"), CultureInfo.InvariantCulture);
        await agent.Host.StopAsync(killPods: true, default);
        Assert.False(IsRunning(pid));
        Assert.Equal("Terminated", (string?)agent.Pod("a")!["status"]!["reason"]);
        Assert.Equal("Failed", (string?)agent.Pod("a")!["status"]!["phase"]);
        Directory.Delete(agent.Data, recursive: true);
    }

    [Fact]
    public async Task Volumes_are_where_the_manifest_says_and_only_there()
    {
        Assert.SkipUnless(Native.EffectiveUserId() == 0 && Shim.UnsharePath is not null, "mounting needs root and unshare");
        await using var agent = new TestAgent();
        agent.Api.Add(ConfigMap.Resource, Object("files", new() { ["data"] = new JsonObject { ["a.txt"] = "from the map" } }));
        await agent.Host.StartAsync(default);
        var place = Directory.CreateTempSubdirectory("mount-").FullName;
        agent.Api.AddPod("a", Sh($"cat {place}/map/a.txt; echo >{place}/map/b || echo read-only; echo hello >{place}/empty/x && cat {place}/empty/x", container: main =>
            main["volumeMounts"] = new JsonArray(
                new JsonObject { ["name"] = "map", ["mountPath"] = $"{place}/map" },
                new JsonObject { ["name"] = "empty", ["mountPath"] = $"{place}/empty" }),
            spec: pod => pod["volumes"] = new JsonArray(
                new JsonObject { ["name"] = "map", ["configMap"] = new JsonObject { ["name"] = "files" } },
                new JsonObject { ["name"] = "empty", ["emptyDir"] = new JsonObject() })));
        await agent.UntilAsync("a", "Succeeded");
        Assert.StartsWith("from the map", agent.Log("a"));
        Assert.Contains("read-only", agent.Log("a"));
        Assert.EndsWith("hello\n", agent.Log("a"));
        Assert.Empty(Directory.EnumerateFiles(place, "*", SearchOption.AllDirectories));
        Directory.Delete(place, recursive: true);
    }

    private static bool IsUp(TestAgent agent, string pod) => File.Exists(LogPath(agent, pod)) && agent.Log(pod).EndsWith('\n') && (string?)agent.Pod(pod)!["status"]!["phase"] == "Running";

    private static string LogPath(TestAgent agent, string pod) => Path.Combine(agent.Data, "pods", (string)agent.Pod(pod)!["metadata"]!["uid"]!, "logs", "main", "0.log");

    private static bool IsRunning(int pid)
    {
        var path = $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat";
        try
        {
            // A zombie has ended; it waits for somebody to ask.
            return !File.ReadAllText(path, Encoding.UTF8).Contains(") Z");
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static JsonObject Reference(string name, string kind, JsonObject reference) => new() { ["name"] = name, ["valueFrom"] = new JsonObject { [kind] = reference } };

    private static JsonObject Object(string name, JsonObject content)
    {
        content["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" };
        return content;
    }
}
