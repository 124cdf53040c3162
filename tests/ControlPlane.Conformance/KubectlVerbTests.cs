namespace ControlPlane.Conformance;

/// <summary>The verbs a user types all day, each once, by unmodified kubectl.</summary>
public sealed class KubectlVerbTests(DevServer server) : IClassFixture<DevServer>
{
    private const string Talker = """
        apiVersion: v1
        kind: Pod
        metadata: {name: talker, labels: {app: talker}}
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 1
          containers:
          - {name: c, image: busybox, command: [/bin/sh, -c, "echo one; sleep 1; echo two"]}
        """;

    private const string Sleeper = """
        apiVersion: batch/v1
        kind: Job
        metadata: {name: sleeper}
        spec:
          parallelism: 1
          template:
            spec:
              restartPolicy: Never
              terminationGracePeriodSeconds: 1
              containers:
              - {name: c, image: busybox, command: [sleep, "600"]}
        """;

    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task Discovery_explains_what_is_served(string version)
    {
        var (kubectl, _) = await StartAsync(version, "discovery");
        Assert.Contains("jobs", await kubectl.OkAsync("api-resources", "--api-group=batch"));
        Assert.Contains("batch/v1", await kubectl.OkAsync("api-versions"));
        Assert.Contains("Server Version: v1.32", await kubectl.OkAsync("version"));
        Assert.Contains("parallelism", await kubectl.OkAsync("explain", "job.spec"));
        Assert.Equal("yes\n", await kubectl.OkAsync("auth", "can-i", "create", "jobs"));
        Assert.Contains("kubernetes-admin", await kubectl.OkAsync("auth", "whoami"));
        Assert.Matches(@"Ready\s+<none>", await kubectl.OkAsync("get", "nodes"));
    }

    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task Labels_annotations_and_the_three_patches_change_an_object(string version)
    {
        var (kubectl, space) = await StartAsync(version, "patches");
        await kubectl.OkWithInputAsync(Sleeper, "-n", space, "apply", "-f", "-");
        Assert.Equal("job.batch/sleeper labeled\n", await kubectl.OkAsync("-n", space, "label", "job", "sleeper", "a=b"));
        Assert.Equal("job.batch/sleeper annotated\n", await kubectl.OkAsync("-n", space, "annotate", "job", "sleeper", "c=d"));
        await kubectl.OkAsync("-n", space, "patch", "job", "sleeper", "-p", """{"spec":{"parallelism":0}}""");
        await kubectl.OkAsync("-n", space, "patch", "job", "sleeper", "--type=merge", "-p", """{"metadata":{"labels":{"z":"1"}}}""");
        await kubectl.OkAsync("-n", space, "patch", "job", "sleeper", "--type=json", "-p", """[{"op":"add","path":"/metadata/labels/q","value":"2"}]""");
        Assert.Equal("0 b 1 2", await kubectl.OkAsync("-n", space, "get", "job", "sleeper", "-o", "jsonpath={.spec.parallelism} {.metadata.labels.a} {.metadata.labels.z} {.metadata.labels.q}"));
        Assert.Equal("job.batch/sleeper\n", await kubectl.OkAsync("-n", space, "get", "jobs", "-l", "a=b,q in (2,3)", "-o", "name"));
        Assert.Equal("", await kubectl.OkAsync("-n", space, "get", "jobs", "-l", "a!=b", "-o", "name"));
        Assert.Contains("is invalid", await kubectl.RefusedAsync("", "-n", space, "patch", "job", "sleeper", "-p", """{"spec":{"completions":-1}}"""));
    }

    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task Logs_follow_a_pod_to_its_end(string version)
    {
        var (kubectl, space) = await StartAsync(version, "logs");
        await kubectl.OkWithInputAsync(Talker, "-n", space, "apply", "-f", "-");
        await kubectl.OkAsync("-n", space, "wait", "--for=jsonpath={.status.phase}=Running", "pod/talker", "--timeout=30s");
        Assert.Equal("one\ntwo\n", await kubectl.OkAsync("-n", space, "logs", "-f", "talker"));
        await kubectl.OkAsync("-n", space, "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/talker", "--timeout=30s");
        Assert.Equal("two\n", await kubectl.OkAsync("-n", space, "logs", "--tail=1", "talker"));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\S+Z one\n", await kubectl.OkAsync("-n", space, "logs", "--timestamps", "talker"));
        Assert.Contains("container nope is not valid for pod talker", await kubectl.RefusedAsync("", "-n", space, "logs", "talker", "-c", "nope"));
        Assert.Contains("Exit Code:    0", await kubectl.OkAsync("-n", space, "describe", "pod", "talker"));
    }

    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task A_watch_shows_an_object_come_change_and_go(string version)
    {
        var (kubectl, space) = await StartAsync(version, "watch");
        await using var watch = kubectl.Start("-n", space, "get", "jobs", "-w");
        await kubectl.OkWithInputAsync(Sleeper, "-n", space, "apply", "-f", "-");
        await watch.WaitForLineAsync("Running", TimeSpan.FromSeconds(30));
        Assert.Contains("deleted", await kubectl.OkAsync("-n", space, "delete", "job", "sleeper", "--cascade=foreground"));
        Assert.Equal("", await kubectl.OkAsync("-n", space, "get", "jobs,pods", "-o", "name"));
        watch.Interrupt();
    }

    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task Edit_writes_back_what_the_editor_left(string version)
    {
        var (kubectl, space) = await StartAsync(version, "edit");
        await kubectl.OkAsync("-n", space, "create", "configmap", "words", "--from-literal=a=old");
        Assert.Equal("configmap/words edited\n", await kubectl.OkWithEditorAsync("sed -i s/old/new/", "-n", space, "edit", "configmap", "words"));
        Assert.Equal("new", await kubectl.OkAsync("-n", space, "get", "configmap", "words", "-o", "jsonpath={.data.a}"));
    }

    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task Generators_send_what_the_server_understands(string version)
    {
        var (kubectl, space) = await StartAsync(version, "create");
        Assert.Equal("job.batch/quick created\n", await kubectl.OkAsync("-n", space, "create", "job", "quick", "--image=busybox", "--", "true"));
        Assert.Equal("cronjob.batch/nightly created\n", await kubectl.OkAsync("-n", space, "create", "cronjob", "nightly", "--image=busybox", "--schedule=0 3 * * *", "--", "true"));
        Assert.Equal("job.batch/now created\n", await kubectl.OkAsync("-n", space, "create", "job", "now", "--from=cronjob/nightly"));
        Assert.Equal("secret/s created\n", await kubectl.OkAsync("-n", space, "create", "secret", "generic", "s", "--from-literal=k=v"));
        Assert.Equal("serviceaccount/robot created\n", await kubectl.OkAsync("-n", space, "create", "serviceaccount", "robot"));
        await kubectl.OkAsync("-n", space, "wait", "--for=condition=complete", "job/quick", "job/now", "--timeout=60s");
        Assert.Contains("Completed", await kubectl.OkAsync("-n", space, "get", "events"));
        Assert.Contains("quick", await kubectl.OkAsync("-n", space, "get", "all"));
        Assert.Contains("already exists", await kubectl.RefusedAsync("", "-n", space, "create", "serviceaccount", "robot"));
        Assert.Contains("NotFound", await kubectl.RefusedAsync("", "-n", space, "get", "job", "nobody"));
    }

    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task Deleting_a_namespace_takes_everything_in_it(string version)
    {
        var (kubectl, space) = await StartAsync(version, "gone");
        await kubectl.OkWithInputAsync(Sleeper, "-n", space, "apply", "-f", "-");
        await Eventually.BecomesAsync(() => kubectl.OkAsync("-n", space, "get", "pods", "-o", "name"), pods => pods.Length > 0, TimeSpan.FromSeconds(30));
        Assert.Contains("deleted", await kubectl.OkAsync("delete", "namespace", space, "--timeout=60s"));
        Assert.Equal("", await kubectl.OkAsync("-n", space, "get", "jobs,pods,configmaps", "-o", "name", "--ignore-not-found"));
    }

    private async Task<(Kubectl Kubectl, string Namespace)> StartAsync(string version, string purpose)
    {
        var kubectl = await Kubectl.FindAsync(version, server.KubeConfig, server.Scratch);
        var space = $"{purpose}-{version.Replace('.', '-')}";
        await kubectl.OkAsync("create", "namespace", space);
        return (kubectl, space);
    }
}
