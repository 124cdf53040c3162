using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Controllers.CronJobs;
using ControlPlane.Controllers.Jobs;
using ControlPlane.Controllers.Runtime;
using ControlPlane.Tests.Scenarios;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Controllers;

/// <summary>Plays scenarios of reconcilers: after every command they are called, in one thread, until they want nothing more; every change of an
/// object is one line. Times are seconds since the start, uids and names are the same in every run.</summary>
internal sealed class ControllerStage : IStage
{
    private const string Namespace = "ns";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly InMemoryApi _api;
    private readonly StringBuilder _seen = new();
    private readonly Dictionary<string, EventRecorder> _recorders = [];
    private int _changeCount;

    public ControllerStage() => _api = new(_time) { OnChange = Write };

    /// <summary>What happened since the last call.</summary>
    public string TakeOutput()
    {
        var output = _seen.ToString();
        _seen.Clear();
        return output;
    }

    /// <summary>One command and all that follows from it.</summary>
    /// <remarks><c>create RESOURCE JSON</c>, <c>patch RESOURCE NAME JSON</c>, <c>delete RESOURCE NAME [PROPAGATION]</c>, <c>wait SECONDS</c>,
    /// <c>run PODS</c>, <c>succeed PODS</c>, <c>fail PODS EXITCODE</c>, <c>gone PODS</c> (its agent confirms a deletion), <c>quota COUNT</c>
    /// (pods beyond it are refused). A pod's NAME is one of PODS. PODS: <c>all</c> that have not finished, <c>one</c> of them, or <c>index=N</c>.</remarks>
    public void Run(string line)
    {
        var words = line.Split(' ', 4);
        switch (words[0])
        {
            case "create":
                var document = Parse(line[(words[0].Length + words[1].Length + 2)..]);
                _api.Create(Resource(words[1]), document);
                break;
            case "patch":
                _api.Patch(Key(words[1], words[2]), Parse(words[3]));
                break;
            case "delete":
                _api.Delete(Key(words[1], words[2]), new(words.Length > 3 ? Enum.Parse<DeletePropagation>(words[3]) : null));
                break;
            case "wait":
                _time.Advance(TimeSpan.FromSeconds(double.Parse(words[1], CultureInfo.InvariantCulture)));
                break;
            case "run":
                foreach (var pod in Pods(words[1])) SetStatus(pod, new() { ["phase"] = "Running", ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }) });
                break;
            case "succeed":
                foreach (var pod in Pods(words[1])) SetStatus(pod, Ended("Succeeded", 0));
                break;
            case "fail":
                foreach (var pod in Pods(words[1])) SetStatus(pod, Ended("Failed", int.Parse(words[2], CultureInfo.InvariantCulture)));
                break;
            case "gone":
                foreach (var pod in Pods(words[1])) _api.Patch(KeyOf(pod), new() { ["metadata"] = new JsonObject { ["deletionGracePeriodSeconds"] = 0L } });
                break;
            case "quota":
                var countMax = int.Parse(words[1], CultureInfo.InvariantCulture);
                _api.Refuse = (verb, key) => verb == "create" && key.Resource.Kind == Pod.Resource.Kind && _api.All<Pod>().Count >= countMax
                    ? ControlPlane.Api.Errors.ApiErrors.Forbidden(Pod.Resource, key.Name, "exceeded quota: pods")
                    : null;
                break;
            default:
                throw new FormatException($"unknown command: {line}");
        }

        Settle();
    }

    private void Settle()
    {
        var isHeld = false;
        for (var round = 0; round < 100; round++)
        {
            var before = _changeCount;
            var wasRefused = false;
            foreach (var job in _api.All<Job>()) wasRefused |= Reconcile(new JobReconciler(), job, "job-controller", isHeld);
            foreach (var pod in _api.All<Pod>()) wasRefused |= Reconcile(new OrphanRelease(), pod, "job-controller", isHeld);
            foreach (var cronJob in _api.All<CronJob>()) wasRefused |= Reconcile(new CronJobReconciler(), cronJob, "cronjob-controller", isHeld);
            if (_changeCount == before && !(wasRefused && !isHeld)) return;
            isHeld |= wasRefused;
        }

        throw new InvalidOperationException($"the reconcilers never rest:\n{_seen}");
    }

    private bool Reconcile<T>(IReconciler<T> reconciler, T resource, string component, bool isHeld) where T : class, IResource<T>
    {
        // Read again: an earlier reconciler of the same round may have changed or removed it.
        if (_api.Find<T>(resource.Metadata.Namespace, resource.Metadata.Name) is not { } current) return false;
        if (!_recorders.TryGetValue(component, out var recorder)) _recorders[component] = recorder = new(_api, _time, notice => _seen.AppendLine(notice.ToString()));
        var world = isHeld ? new HeldWorld(new ApiWorld(_api, _time.GetUtcNow())) : (World)new ApiWorld(_api, _time.GetUtcNow());
        var outcome = new PlanExecutor(_api, recorder, component).CarryOutAsync(reconciler.Reconcile(current, world), CancellationToken.None).GetAwaiter().GetResult();
        recorder.WriteBatchAsync(CancellationToken.None).GetAwaiter().GetResult();
        return outcome is PlanOutcome.Refused;
    }

    private IEnumerable<Pod> Pods(string which)
    {
        var open = _api.All<Pod>().Where(pod => !pod.IsFinished).OrderBy(pod => long.Parse(pod.Metadata.ResourceVersion!, CultureInfo.InvariantCulture)).ToList();
        return which switch
        {
            "all" => open,
            "one" => open.Take(1).ToList(),
            _ => open.Where(pod => JobPods.IndexOf(pod) == int.Parse(which["index=".Length..], CultureInfo.InvariantCulture)).ToList(),
        };
    }

    private JsonObject Ended(string phase, int exitCode) => new()
    {
        ["phase"] = phase,
        ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "False" }),
        ["containerStatuses"] = new JsonArray(new JsonObject
        {
            ["name"] = "c",
            ["state"] = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = exitCode, ["finishedAt"] = TimeConverter.Format(_time.GetUtcNow()) } },
        }),
    };

    private void SetStatus(Pod pod, JsonObject status) => _api.Patch(KeyOf(pod), new() { ["status"] = status }, "status");

    private static ResourceKey KeyOf(Pod pod) => new(Pod.Resource, pod.Metadata.Namespace, pod.Metadata.Name);

    private static ResourceDescriptor Resource(string typed) =>
        ResourceRegistry.BuiltIn.TryFindByUserInput(typed, out var resource) ? resource : throw new FormatException($"unknown resource {typed}");

    private ResourceKey Key(string typed, string name) => typed == "pods" ? KeyOf(Pods(name).First()) : new(Resource(typed), Namespace, name);

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private void Write(WatchEvent change)
    {
        var item = change.Object!;
        // Telling of a change is not one: a reconciler that says again what it said is at rest.
        if (item.Resource.Kind.Kind != "Event") _changeCount++;
        var sign = change.Type switch { WatchEventType.Added => '+', WatchEventType.Deleted => '-', _ => '~' };
        var text = change.Type == WatchEventType.Deleted && item.Resource.Kind.Kind != "Event" ? "" : item.Resource.Kind.Kind switch
        {
            "Pod" => OfPod(item),
            "Event" => OfEvent(item.As<Event>()),
            _ => OfOther(item),
        };
        var name = item.Resource.Kind.Kind == "Event" ? "event" : $"{item.Resource.Kind.Kind}/{item.Name}";
        _seen.Append(CultureInfo.InvariantCulture, $"{sign} {name}{(text.Length == 0 ? "" : " ")}{text}").Append('\n');
    }

    private static string OfPod(ResourceObject item)
    {
        var pod = item.As<Pod>();
        var facts = new List<string> { pod.Status.Phase ?? "Pending" };
        if (pod.Metadata.IsBeingDeleted) facts.Add("deleting");
        facts.Add(JobPods.IsTracked(pod) ? "tracked" : "released");
        foreach (var (name, value) in pod.Metadata.Annotations?.OrderBy(pair => pair.Key, StringComparer.Ordinal) ?? Enumerable.Empty<KeyValuePair<string, string>>()) facts.Add($"{name.Split('/')[^1]}={value}");
        if (pod.Metadata.ControllerRef is null) facts.Add("without owner");
        return string.Join(' ', facts);
    }

    private static string OfEvent(Event item) => $"{item.Type} {item.Reason} {item.InvolvedObject.Kind}/{item.InvolvedObject.Name} x{item.Count}: {item.Message}";

    private static string OfOther(ResourceObject item)
    {
        var document = item.ToDocument();
        var facts = new List<string>();
        if (document["metadata"]!["deletionTimestamp"] is not null) facts.Add("deleting");
        foreach (var (name, value) in document["metadata"]!["annotations"] as JsonObject ?? []) facts.Add($"{name.Split('/')[^1]}={Text(value)}");
        foreach (var (name, value) in document["status"] as JsonObject ?? []) facts.Add($"{name}={Text(value)}");
        return string.Join(' ', facts);
    }

    private static string Text(JsonNode? value) => value switch
    {
        JsonArray { Count: > 0 } conditions when conditions[0] is JsonObject first && first.ContainsKey("type") =>
            $"[{string.Join(", ", conditions.Select(condition => $"{condition!["type"]}={condition["status"]} {condition["reason"]}: {condition["message"]}"))}]",
        JsonArray { Count: > 0 } references when references[0] is JsonObject => $"[{string.Join(", ", references.Select(reference => reference!["name"]))}]",
        JsonArray list => $"[{string.Join(",", list.Select(Text))}]",
        JsonObject fields => $"{{{string.Join(",", fields.Select(field => $"{field.Key}={Text(field.Value)}"))}}}",
        JsonValue text when text.TryGetValue<string>(out var written) && TimeConverter.TryParse(written, out var time) && written.EndsWith('Z') =>
            string.Create(CultureInfo.InvariantCulture, $"{(time - Start).TotalSeconds}s"),
        null => "",
        _ => value.ToString(),
    };

    /// <summary>A world after a refused create.</summary>
    private sealed class HeldWorld(World world) : World
    {
        public override DateTimeOffset Now => world.Now;

        public override bool MayCreate => false;

        public override T? Get<T>(string? @namespace, string name) where T : class => world.Get<T>(@namespace, name);

        public override IEnumerable<T> All<T>(string? @namespace = null) => world.All<T>(@namespace);

        public override IEnumerable<T> OwnedBy<T>(IResource owner) => world.OwnedBy<T>(owner);

        public override IEnumerable<Pod> PodsOnNode(string nodeName) => world.PodsOnNode(nodeName);
    }
}
