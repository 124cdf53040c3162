using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;

namespace ControlPlane.Tests.Agent;

/// <summary>As much of an API server as an agent sees: objects in memory, revisions, watches, status patches, and two-step deletion of pods.
/// It can be taken away and brought back.</summary>
internal sealed class FakeApi : IResourceClient
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Plural, string? Namespace, string Name), ResourceObject> _objects = [];
    private readonly List<(ResourceDescriptor Resource, Func<JsonObject, bool> Matches, Channel<WatchEvent> Events)> _watches = [];
    private long _revision = 1;
    private long _lastRemoval;
    private bool _isAway;

    /// <summary>Every write an agent made, as "patch pods/default/a status".</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>While true every call fails and every watch is cut.</summary>
    public bool IsAway
    {
        get => _isAway;
        set
        {
            lock (_gate)
            {
                _isAway = value;
                if (!value) return;
                foreach (var (_, _, events) in _watches) events.Writer.TryComplete(new IOException("connection lost"));
                _watches.Clear();
            }
        }
    }

    public JsonObject? Find(ResourceDescriptor resource, string? @namespace, string name)
    {
        lock (_gate) return _objects.GetValueOrDefault((resource.Plural, @namespace, name))?.ToDocument();
    }

    public int CountOf(ResourceDescriptor resource)
    {
        lock (_gate) return _objects.Keys.Count(key => key.Plural == resource.Plural);
    }

    public int CountOf(ResourceDescriptor resource, Func<ResourceObject, bool> predicate)
    {
        lock (_gate) return _objects.Values.Count(item => item.Resource.Plural == resource.Plural && predicate(item));
    }

    /// <summary>Creates a pod already bound, with a uid derived from its name unless given.</summary>
    public Pod AddPod(string name, JsonObject spec, string node = "n1", string? uid = null, JsonObject? annotations = null, JsonObject? labels = null)
    {
        spec["nodeName"] = node;
        var document = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default", ["uid"] = uid ?? Guid.NewGuid().ToString(), ["annotations"] = annotations, ["labels"] = labels },
            ["spec"] = spec,
            ["status"] = new JsonObject { ["phase"] = "Pending", ["conditions"] = new JsonArray(new JsonObject { ["type"] = "PodScheduled", ["status"] = "True" }) },
        };
        return Put(Pod.Resource, document, WatchEventType.Added).As<Pod>();
    }

    public void Add(ResourceDescriptor resource, JsonObject document) => Put(resource, document, WatchEventType.Added);

    /// <summary>What <c>kubectl delete</c> does to a bound pod.</summary>
    public void RequestDeletion(string name, long graceSeconds)
    {
        var pod = Find(Pod.Resource, "default", name)!;
        pod["metadata"]!["deletionTimestamp"] = TimeConverter.Format(DateTimeOffset.UtcNow.AddSeconds(graceSeconds));
        pod["metadata"]!["deletionGracePeriodSeconds"] = graceSeconds;
        Put(Pod.Resource, pod, WatchEventType.Modified);
    }

    public void Remove(ResourceDescriptor resource, string? @namespace, string name)
    {
        lock (_gate)
        {
            if (!_objects.Remove((resource.Plural, @namespace, name), out var gone)) return;
            _lastRemoval = ++_revision;
            Publish(new(WatchEventType.Deleted, gone, _revision));
        }
    }

    public Task<ResourceObject> GetAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            FailWhenAway();
            return Task.FromResult(_objects.GetValueOrDefault((key.Resource.Plural, key.Namespace, key.Name)) ?? throw ApiErrors.NotFound(key.Resource, key.Name));
        }
    }

    public Task<ResourceList> ListAsync(ResourceDescriptor resource, ListQuery query, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            FailWhenAway();
            var matches = Matcher(query);
            return Task.FromResult(new ResourceList([.. _objects.Values.Where(item => item.Resource.Plural == resource.Plural && matches(item.ToDocument()))], _revision));
        }
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(ResourceDescriptor resource, ListQuery query, long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = Channel.CreateUnbounded<WatchEvent>();
        lock (_gate)
        {
            FailWhenAway();

            // It keeps no history: who missed something must list again.
            if (afterRevision != _revision && _objects.Values.Any(item => item.Resource.Plural == resource.Plural && item.ResourceVersion > afterRevision)) throw ApiErrors.Expired("too old");
            if (afterRevision < _lastRemoval) throw ApiErrors.Expired("too old");
            _watches.Add((resource, Matcher(query), events));
        }

        await foreach (var step in events.Reader.ReadAllAsync(cancellationToken)) yield return step;
    }

    public Task<ResourceObject> CreateAsync(ResourceDescriptor resource, string? @namespace, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            FailWhenAway();
            var document = (JsonObject)JsonNode.Parse(json.Span)!;
            var name = (string)document["metadata"]!["name"]!;
            if (_objects.ContainsKey((resource.Plural, @namespace, name))) throw ApiErrors.AlreadyExists(resource, name);
            document["metadata"]!["uid"] ??= Guid.NewGuid().ToString();
            Writes.Enqueue($"create {resource.Plural}/{name}");
            return Task.FromResult(Put(resource, document, WatchEventType.Added));
        }
    }

    public Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("an agent only patches");

    public Task<ResourceObject> PatchAsync(ResourceKey key, string? subresource, PatchKind kind, ReadOnlyMemory<byte> patch, WriteQuery query, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            FailWhenAway();
            if (!_objects.TryGetValue((key.Resource.Plural, key.Namespace, key.Name), out var existing)) throw ApiErrors.NotFound(key.Resource, key.Name);
            var wanted = (JsonObject)JsonNode.Parse(patch.Span)!;
            if ((string?)wanted["metadata"]?["uid"] is { } uid && uid != existing.Uid) throw ApiErrors.Conflict(key.Resource, key.Name, "uid differs");
            var document = existing.ToDocument();
            Merge(document, wanted, kind == PatchKind.StrategicMerge);
            Writes.Enqueue($"patch {key.Resource.Plural}/{key.Name} {subresource}".TrimEnd());
            return Task.FromResult(Put(key.Resource, document, WatchEventType.Modified));
        }
    }

    public Task<ResourceObject> DeleteAsync(ResourceKey key, DeleteQuery query, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            FailWhenAway();
            if (!_objects.TryGetValue((key.Resource.Plural, key.Namespace, key.Name), out var existing)) throw ApiErrors.NotFound(key.Resource, key.Name);
            if (query.Uid is { } uid && uid != existing.Uid) throw ApiErrors.Conflict(key.Resource, key.Name, "uid differs");
            Assert.Equal(0, query.GracePeriodSeconds);
            Writes.Enqueue($"delete {key.Resource.Plural}/{key.Name}");
            Remove(key.Resource, key.Namespace, key.Name);
            return Task.FromResult(existing);
        }
    }

    public Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("an agent does not bind");

    private ResourceObject Put(ResourceDescriptor resource, JsonObject document, WatchEventType type)
    {
        lock (_gate)
        {
            _revision++;
            var metadata = document["metadata"]!;
            metadata["resourceVersion"] = _revision.ToString();
            var (@namespace, name, uid) = ((string?)metadata["namespace"], (string)metadata["name"]!, (string?)metadata["uid"] ?? "");
            var item = new ResourceObject(resource, @namespace, name, uid, _revision, Encoding.UTF8.GetBytes(document.ToJsonString()));
            _objects[(resource.Plural, @namespace, name)] = item;
            Publish(new(type, item, _revision));
            return item;
        }
    }

    private void Publish(WatchEvent step)
    {
        foreach (var (resource, matches, events) in _watches)
        {
            if (resource.Plural == step.Object!.Resource.Plural && matches(step.Object.ToDocument())) events.Writer.TryWrite(step);
        }
    }

    private void FailWhenAway()
    {
        if (_isAway) throw new IOException("connection refused");
    }

    private static Func<JsonObject, bool> Matcher(ListQuery query) => query.FieldSelector switch
    {
        null => _ => true,
        "spec.nodeName!=" => document => !string.IsNullOrEmpty((string?)document["spec"]?["nodeName"]),
        { } selector when selector.StartsWith("spec.nodeName=", StringComparison.Ordinal) => document => (string?)document["spec"]?["nodeName"] == selector["spec.nodeName=".Length..],
        { } other => throw new InvalidOperationException(other),
    };

    private static void Merge(JsonObject target, JsonObject patch, bool isStrategic)
    {
        foreach (var (name, value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject part when target[name] is JsonObject known:
                    Merge(known, part, isStrategic);
                    break;
                case JsonArray conditions when isStrategic && name == "conditions" && target[name] is JsonArray known:
                    foreach (var condition in conditions.OfType<JsonObject>())
                    {
                        var same = known.OfType<JsonObject>().FirstOrDefault(other => (string?)other["type"] == (string?)condition["type"]);
                        if (same is null) known.Add(condition.DeepClone());
                        else Merge(same, condition, isStrategic);
                    }

                    break;
                default:
                    target[name] = value.DeepClone();
                    break;
            }
        }
    }
}
