using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Controllers;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Tests.Controllers.Runtime;

/// <summary>The whole runtime on the in-memory server, in real time but waiting only for states.</summary>
public sealed class ControllerRuntimeTests : IAsyncLifetime
{
    private readonly InMemoryApi _api = new(TimeProvider.System);
    private readonly ConcurrentQueue<ControllerNotice> _notices = [];
    private readonly CancellationTokenSource _leadership = new();
    private Task _running = Task.CompletedTask;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _leadership.CancelAsync();
        await _running;
        _leadership.Dispose();
    }

    [Fact]
    public async Task Jobs_run_to_completion_and_no_pod_is_made_twice()
    {
        _api.OnChange = RunPods;
        Start();
        for (var i = 0; i < 30; i++) _api.Create(Job.Resource, Parse(FiveOf.Replace("NAME", $"j{i}")));
        await _api.Until(() => _api.All<Job>().All(job => job.IsComplete) ? _api : null, "every job complete");
        Assert.Equal(150, _api.All<Pod>().Count);
        Assert.All(_api.All<Job>(), job => Assert.Equal(5, job.Status.Succeeded));
    }

    [Fact]
    public async Task A_background_deletion_takes_the_pods_along()
    {
        var job = await RunningJob();
        _api.Delete(job, new(DeletePropagation.Background));
        await _api.Until(() => _api.All<Pod>().Count == 0 ? _api : null, "no pod");
    }

    [Fact]
    public async Task A_foreground_deletion_ends_with_the_owner()
    {
        var job = await RunningJob();
        var order = new ConcurrentQueue<string>();
        _api.OnChange = change =>
        {
            if (change.Type == WatchEventType.Deleted) order.Enqueue(change.Object!.Resource.Kind.Kind);
        };
        _api.Delete(job, new(DeletePropagation.Foreground));
        await _api.Until(() => _api.Find(job) is null ? _api : null, "the job is gone");
        Assert.Equal(["Pod", "Job"], order.Where(kind => kind != "Event"));
    }

    [Fact]
    public async Task An_orphaning_deletion_leaves_the_pods_without_an_owner()
    {
        var job = await RunningJob();
        _api.Delete(job, new(DeletePropagation.Orphan));
        await _api.Until(() => _api.Find(job) is null && _api.All<Pod>() is [{ Metadata.Finalizers: null, Metadata.OwnerReferences: null }] ? _api : null, "the pod alone");
    }

    [Fact]
    public async Task An_object_whose_owner_never_was_is_garbage_and_one_with_another_owner_only_forgets_it()
    {
        _api.Create(ConfigMap.Resource, Parse("""{"metadata":{"name":"owner","uid":"u1"}}"""));
        _api.Create(ConfigMap.Resource, Parse("""{"metadata":{"name":"lost","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"never","uid":"u0"}]}}"""));
        _api.Create(ConfigMap.Resource, Parse("""{"metadata":{"name":"kept","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"never","uid":"u0"},{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"u1"}]}}"""));
        _api.Create(ConfigMap.Resource, Parse("""{"metadata":{"name":"foreign","ownerReferences":[{"apiVersion":"example.com/v1","kind":"Unknown","name":"x","uid":"u2"}]}}"""));
        Start();
        await _api.Until(() => _api.Find<ConfigMap>("ns", "lost") is null && _api.Find<ConfigMap>("ns", "kept")!.Metadata.OwnerReferences is [{ Uid: "u1" }] ? _api : null, "lost gone, kept untied");
        Assert.NotNull(_api.Find<ConfigMap>("ns", "foreign"));
    }

    [Fact]
    public async Task A_namespace_gets_its_defaults_and_is_emptied_before_it_goes()
    {
        Start(new() { CaCertificate = "PEM" });
        _api.Create(Namespace.Resource, Parse("""{"metadata":{"name":"team"},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}"""));
        await _api.Until(() => _api.Find<ServiceAccount>("team", "default"), "the default account");
        await _api.Until(() => _api.Find<ConfigMap>("team", "kube-root-ca.crt") is { } map && map.Data!["ca.crt"] == "PEM" ? map : null, "the CA");

        _api.Create(ConfigMap.Resource, Parse("""{"metadata":{"name":"held","namespace":"team","finalizers":["example.com/wait"]}}"""));
        _api.Delete(new(Namespace.Resource, null, "team"), new());
        var waiting = await _api.Until(() => _api.Find<Namespace>(null, "team") is { } team && team.Status.Conditions.IsTrue("NamespaceFinalizersRemaining") ? team : null, "the namespace waits and says why");
        Assert.Equal("Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances", waiting.Status.Conditions.Find("NamespaceFinalizersRemaining")!.Message);
        Assert.Equal("Some resources are remaining: configmaps has 1 resource instances", waiting.Status.Conditions.Find("NamespaceContentRemaining")!.Message);

        _api.Patch(new(ConfigMap.Resource, "team", "held"), Parse("""{"metadata":{"finalizers":null}}"""));
        await _api.Until(() => _api.Find<Namespace>(null, "team") is null ? _api : null, "the namespace is gone");
        Assert.DoesNotContain(_api.All(ConfigMap.Resource), item => item.Namespace == "team");
    }

    [Fact]
    public async Task A_reconciler_that_throws_is_told_retried_and_harms_nobody_else()
    {
        Start(null, context => new ReconcilerController<ConfigMap, Grumpy>(context, new(), "grumpy", 1));
        _api.Create(ConfigMap.Resource, Parse("""{"metadata":{"name":"bad"}}"""));
        _api.Create(ConfigMap.Resource, Parse("""{"metadata":{"name":"good"}}"""));
        await _api.Until(() => _api.Find<ConfigMap>("ns", "good")!.Metadata.Annotations?.ContainsKey("seen") == true ? _api : null, "the good one is worked on");
        await _api.Until(() => _api.All<Event>().FirstOrDefault(item => item.Reason == "ReconcileFailed"), "the bad one is told");
        Assert.Contains(_notices, notice => notice is { Controller: "grumpy", Subject: "ns/bad", Error: NotSupportedException });
    }

    [Fact]
    public async Task A_refused_create_is_retried_until_it_is_allowed()
    {
        _api.Refuse = (verb, key) => verb == "create" && key.Resource.Kind == Pod.Resource.Kind ? ApiErrors.Forbidden(Pod.Resource, key.Name, "exceeded quota") : null;
        Start();
        _api.Create(Job.Resource, Parse(OneJob));
        await _api.Until(() => _api.All<Event>().FirstOrDefault(item => item.Reason == "FailedCreate"), "the refusal is told");
        await _api.Until(() => _api.All<Job>()[0].Status.StartTime is null ? null : _api, "the status is written all the same");
        _api.Refuse = (_, _) => null;
        await _api.Until(() => _api.All<Pod>().FirstOrDefault(), "the pod");
    }

    [Fact]
    public async Task Leadership_lost_ends_every_task()
    {
        await RunningJob();
        await _leadership.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private const string FiveOf = """{"metadata":{"name":"NAME"},"spec":{"completions":5,"parallelism":3,"backoffLimit":0,"template":{"spec":{"containers":[{"name":"c"}]}}}}""";
    private const string OneJob = """{"metadata":{"name":"j"},"spec":{"completions":1,"parallelism":1,"backoffLimit":6,"template":{"spec":{"containers":[{"name":"c"}]}}}}""";

    private async Task<ResourceKey> RunningJob()
    {
        Start();
        _api.Create(Job.Resource, Parse(OneJob));
        await _api.Until(() => _api.All<Pod>().FirstOrDefault(), "a pod");
        await _api.Until(() => _api.All<Job>()[0].Status.Active == 1 ? _api : null, "an active job");
        return new(Job.Resource, "ns", "j");
    }

    private void Start(ControllerOptions? options = null, params Func<ControllerContext, IController>[] others) =>
        _running = new ControllerRuntime(_api, options, notify: _notices.Enqueue, others: [.. others]).RunAsync(_leadership.Token);

    // A kubelet in one line: what is created has succeeded.
    private void RunPods(WatchEvent change)
    {
        if (change is { Type: WatchEventType.Added, Object: { } item } && item.Resource.Kind == Pod.Resource.Kind)
        {
            _ = Task.Run(() => _api.Patch(item.Key, new() { ["status"] = new JsonObject { ["phase"] = "Succeeded" } }, "status"));
        }
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private sealed class Grumpy : IReconciler<ConfigMap>
    {
        public static Interest Interest => Interest.In<ConfigMap>();

        public Plan Reconcile(ConfigMap resource, World world)
        {
            if (resource.Metadata.Name == "bad") throw new NotSupportedException("I do not like it");
            return new Plan().Patch(resource, new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["seen"] = "yes" } } });
        }
    }
}
