using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;

namespace ControlPlane.Tests.Controllers;

/// <summary>An API server as small as controllers need it: revisions, uids, preconditions, finalizers, grace, watches. No validation and no defaults:
/// what a test creates is what is there.</summary>
internal sealed class InMemoryApi(TimeProvider time) : IResourceClient
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, ResourceObject> _objects = new(StringComparer.Ordinal);
    private readonly List<(GroupVersionKind Kind, WatchEvent Event)> _log = [];
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision = 100;
    private int _uidCount;

    /// <summary>Answers a write with a refusal when it returns one.</summary>
    public Func<string, ResourceKey, ApiException?> Refuse { get; set; } = (_, _) => null;

    /// <summary>Fails a whole call of bindings when it returns something; asked before they are written (false) and after (true).</summary>
    public Func<bool, ApiException?> FailBindings { get; set; } = _ => null;

    /// <summary>Called under the lock with every change, in order.</summary>
    public Action<WatchEvent> OnChange { get; set; } = _ => { };

    /// <summary>Every write that was asked for, such as <c>create pods/ns/a</c>.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>A copy of <see cref="Asked"/>, for tests in which writers are still at work.</summary>
    public IReadOnlyList<string> AskedSoFar()
    {
        lock (_lock) return [.. Asked];
    }

    public long Revision
    {
        get
        {
            lock (_lock) return _revision;
        }
    }

    /// <summary>Everything of a kind, in namespace and name order.</summary>
    public IReadOnlyList<ResourceObject> All(ResourceDescriptor resource, string? @namespace = null)
    {
        lock (_lock) return [.. _objects.Values.Where(item => item.Resource.Kind == resource.Kind && (@namespace is null || item.Namespace == @namespace))];
    }

    public IReadOnlyList<T> All<T>(string? @namespace = null) where T : class, IResource<T> => [.. All(T.Resource, @namespace).Select(item => item.As<T>())];

    public ResourceObject? Find(ResourceKey key)
    {
        lock (_lock) return _objects.GetValueOrDefault(Path(key));
    }

    public T? Find<T>(string? @namespace, string name) where T : class, IResource<T> => Find(new(T.Resource, @namespace, name))?.As<T>();

    /// <summary>Waits until something is as wanted.</summary>
    public async Task<T> Until<T>(Func<T?> look, string what) where T : class
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            Task moved;
            lock (_lock) moved = _moved.Task;
            if (look() is { } found) return found;
            try
            {
                await moved.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{what} did not come true; there is:\n{Dump()}");
            }
        }
    }

    public ResourceObject Create(ResourceDescriptor resource, JsonObject document)
    {
        var metadata = MetadataOf(document);
        var key = new ResourceKey(resource, resource.IsNamespaced ? (string?)metadata["namespace"] ?? "ns" : null, (string)metadata["name"]!);
        lock (_lock)
        {
            Asked.Add($"create {Show(key)}");
            if (Refuse("create", key) is { } refusal) throw refusal;
            if (_objects.ContainsKey(Path(key))) throw ApiErrors.AlreadyExists(resource, key.Name);
            document["apiVersion"] = resource.Kind.ApiVersion;
            document["kind"] = resource.Kind.Kind;
            if (key.Namespace is not null) metadata["namespace"] = key.Namespace;
            metadata["uid"] ??= $"uid-{++_uidCount}";
            metadata["creationTimestamp"] ??= TimeConverter.Format(time.GetUtcNow());
            metadata["generation"] ??= 1L;
            return Store(WatchEventType.Added, key, document);
        }
    }

    public Task<ResourceObject> CreateAsync(ResourceDescriptor resource, string? @namespace, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken)
    {
        var document = (JsonObject)JsonNode.Parse(json.Span)!;
        if (@namespace is not null) MetadataOf(document)["namespace"] = @namespace;
        return Answer(() => Create(resource, document));
    }

    public Task<ResourceObject> GetAsync(ResourceKey key, CancellationToken cancellationToken) => Answer(() => Find(key) ?? throw ApiErrors.NotFound(key.Resource, key.Name));

    public Task<ResourceList> ListAsync(ResourceDescriptor resource, ListQuery query, CancellationToken cancellationToken)
    {
        lock (_lock) return Task.FromResult(new ResourceList(All(resource, query.Namespace), _revision));
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(ResourceDescriptor resource, ListQuery query, long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var position = 0; ;)
        {
            List<WatchEvent> batch;
            Task moved;
            lock (_lock)
            {
                batch = [.. _log.Skip(position).Where(entry => entry.Kind == resource.Kind && entry.Event.Revision > afterRevision).Select(entry => entry.Event)];
                position = _log.Count;
                moved = _moved.Task;
            }

            foreach (var change in batch) yield return change;
            await moved.WaitAsync(cancellationToken);
        }
    }

    public Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) =>
        Answer(() => Change("update", key, (JsonObject)JsonNode.Parse(json.Span)!));

    public Task<ResourceObject> PatchAsync(ResourceKey key, string? subresource, PatchKind kind, ReadOnlyMemory<byte> patch, WriteQuery query, CancellationToken cancellationToken)
    {
        var document = (JsonObject)JsonNode.Parse(patch.Span)!;
        if (kind == PatchKind.StrategicMerge) return Answer(() => PatchConditions(key, document, subresource));
        Assert.Equal(PatchKind.Merge, kind);
        return Answer(() => Patch(key, document, subresource));
    }

    public ResourceObject Patch(ResourceKey key, JsonObject patch, string? subresource = null)
    {
        lock (_lock)
        {
            var document = (Find(key) ?? throw ApiErrors.NotFound(key.Resource, key.Name)).ToDocument();
            var wanted = (string?)(patch["metadata"] as JsonObject)?["resourceVersion"];
            if (wanted is not null && wanted != (string?)document["metadata"]!["resourceVersion"]) throw ApiErrors.StaleConflict(key.Resource, key.Name);
            Merge(document, patch);
            return Change(subresource is null ? "patch" : $"patch {subresource} of", key, document);
        }
    }

    public Task<ResourceObject> DeleteAsync(ResourceKey key, DeleteQuery query, CancellationToken cancellationToken) => Answer(() => Delete(key, query));

    public ResourceObject Delete(ResourceKey key, DeleteQuery query)
    {
        lock (_lock)
        {
            Asked.Add($"delete {Show(key)}");
            if (Refuse("delete", key) is { } refusal) throw refusal;
            var current = Find(key) ?? throw ApiErrors.NotFound(key.Resource, key.Name);
            if (query.Uid is { } uid && uid != current.Uid) throw ApiErrors.Conflict(key.Resource, key.Name, $"the UID in the precondition ({uid}) does not match the UID in record ({current.Uid})");
            if (query.ResourceVersion is { } version && version != current.ResourceVersion) throw ApiErrors.StaleConflict(key.Resource, key.Name);
            var document = current.ToDocument();
            var metadata = MetadataOf(document);
            if (query.Propagation is DeletePropagation.Foreground or DeletePropagation.Orphan && metadata["deletionTimestamp"] is null)
            {
                if (metadata["finalizers"] is not JsonArray finalizers) metadata["finalizers"] = finalizers = [];
                finalizers.Add(query.Propagation == DeletePropagation.Orphan ? "orphan" : "foregroundDeletion");
            }

            metadata["deletionTimestamp"] ??= TimeConverter.Format(time.GetUtcNow());
            metadata["deletionGracePeriodSeconds"] = GraceOf(current, query);
            if (key.Resource.Kind == Namespace.Resource.Kind) (document["status"] ??= new JsonObject())["phase"] = "Terminating";
            return JsonNode.DeepEquals(document, current.ToDocument()) ? current : Store(WatchEventType.Modified, key, document);
        }
    }

    public Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, CancellationToken cancellationToken) => Answer<IReadOnlyList<ApiStatus?>>(() =>
    {
        if (FailBindings(false) is { } refused) throw refused;
        var answers = bindings.Select(Bind).ToList();
        return FailBindings(true) is { } lost ? throw lost : answers;
    });

    private ApiStatus? Bind(PodBinding binding)
    {
        var key = new ResourceKey(Pod.Resource, binding.Namespace, binding.Name);
        lock (_lock)
        {
            Asked.Add($"bind {Show(key)} to {binding.NodeName}");
            if (Refuse("bind", key) is { } refusal) return refusal.Status;
            if (Find(key) is not { } current) return ApiErrors.NotFound(key.Resource, key.Name).Status;
            var pod = current.As<Pod>();
            if (current.Uid != binding.Uid || pod.IsBound || pod.Metadata.IsBeingDeleted) return ApiErrors.Conflict(key.Resource, key.Name, "bound, deleted or another").Status;
            var document = current.ToDocument();
            Merge(document, new() { ["spec"] = new JsonObject { ["nodeName"] = binding.NodeName } });
            MergeConditions(document, new JsonArray(new JsonObject { ["type"] = "PodScheduled", ["status"] = "True" }), isReplacing: true);
            Store(WatchEventType.Modified, key, document);
            return null;
        }
    }

    /// <summary>As much of a strategic merge as controllers use: <c>status.conditions</c>, by type.</summary>
    private ResourceObject PatchConditions(ResourceKey key, JsonObject patch, string? subresource)
    {
        lock (_lock)
        {
            var document = (Find(key) ?? throw ApiErrors.NotFound(key.Resource, key.Name)).ToDocument();
            MergeConditions(document, (JsonArray)patch["status"]!["conditions"]!, isReplacing: false);
            return Change($"patch {subresource} of", key, document);
        }
    }

    private static void MergeConditions(JsonObject document, JsonArray patch, bool isReplacing)
    {
        if (document["status"] is not JsonObject status) document["status"] = status = [];
        if (status["conditions"] is not JsonArray conditions) status["conditions"] = conditions = [];
        foreach (var condition in patch.OfType<JsonObject>())
        {
            var known = conditions.OfType<JsonObject>().FirstOrDefault(item => (string?)item["type"] == (string?)condition["type"]);
            if (known is not null && !isReplacing)
            {
                Merge(known, condition);
                continue;
            }

            if (known is not null) conditions.Remove(known);
            conditions.Add(condition.DeepClone());
        }
    }

    public string Dump()
    {
        lock (_lock) return string.Join('\n', _objects.Values.Select(item => Encoding.UTF8.GetString(item.Json.Span)));
    }

    private ResourceObject Change(string verb, ResourceKey key, JsonObject document)
    {
        lock (_lock)
        {
            Asked.Add($"{verb} {Show(key)}");
            if (Refuse(verb, key) is { } refusal) throw refusal;
            var current = Find(key) ?? throw ApiErrors.NotFound(key.Resource, key.Name);
            var before = current.ToDocument();
            if (JsonNode.DeepEquals(before, document)) return current;
            if (!JsonNode.DeepEquals(before["spec"], document["spec"])) MetadataOf(document)["generation"] = (long?)before["metadata"]!["generation"] + 1;
            return Store(WatchEventType.Modified, key, document);
        }
    }

    // Stores, or removes what is deleted and held back by nothing any more.
    private ResourceObject Store(WatchEventType type, ResourceKey key, JsonObject document)
    {
        var metadata = MetadataOf(document);
        var isHeld = metadata["finalizers"] is JsonArray { Count: > 0 }
            || key.Resource.Kind == Namespace.Resource.Kind && document["spec"]?["finalizers"] is JsonArray { Count: > 0 }
            || (long?)metadata["deletionGracePeriodSeconds"] > 0;
        if (metadata["deletionTimestamp"] is not null && !isHeld) type = WatchEventType.Deleted;
        metadata["resourceVersion"] = (++_revision).ToString(CultureInfo.InvariantCulture);
        var stored = new ResourceObject(key.Resource, key.Namespace, key.Name, (string)metadata["uid"]!, _revision, Encoding.UTF8.GetBytes(document.ToJsonString()));
        if (type == WatchEventType.Deleted) _objects.Remove(Path(key));
        else _objects[Path(key)] = stored;
        var change = new WatchEvent(type, stored, _revision);
        _log.Add((key.Resource.Kind, change));
        OnChange(change);
        var moved = _moved;
        _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        moved.SetResult();
        return stored;
    }

    private static long GraceOf(ResourceObject item, DeleteQuery query)
    {
        if (item.Resource.Kind != Pod.Resource.Kind) return 0;
        var pod = item.As<Pod>();
        var grace = !pod.IsBound || pod.IsFinished ? 0 : query.GracePeriodSeconds ?? pod.Spec.TerminationGracePeriodSeconds ?? 30;
        return Math.Min(grace, pod.Metadata.DeletionGracePeriodSeconds ?? long.MaxValue);
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null) target.Remove(name);
            else if (value is JsonObject inner)
            {
                if (target[name] is not JsonObject old) target[name] = old = [];
                Merge(old, inner);
            }
            else target[name] = value.DeepClone();
        }
    }

    private static Task<T> Answer<T>(Func<T> answer)
    {
        try
        {
            return Task.FromResult(answer());
        }
        catch (ApiException refusal)
        {
            return Task.FromException<T>(refusal);
        }
    }

    private static JsonObject MetadataOf(JsonObject document)
    {
        if (document["metadata"] is not JsonObject metadata) document["metadata"] = metadata = [];
        return metadata;
    }

    private static string Path(ResourceKey key) => $"{key.Resource.QualifiedName}\0{key.Namespace}\0{key.Name}";

    private static string Show(ResourceKey key) => $"{key.Resource.Plural}/{(key.Namespace is null ? "" : key.Namespace + "/")}{key.Name}";
}
