using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Controllers.Runtime;

/// <summary>Carries plans out: step kinds in order, neighbours of one kind side by side. Events go to the recorder and are not waited for.</summary>
/// <param name="component">Who writes: the field manager and the source of events.</param>
internal sealed class PlanExecutor(IResourceClient client, EventRecorder events, string component)
{
    // A batch that meets a full quota is refused 1, 2, 4 … times instead of 500 times; a healthy one soon runs at full width.
    private const int FirstBatchSize = 1;

    // In process a write costs the log one entry, and the log batches: 64 fill a batch without starving other objects.
    private const int BatchSizeMax = 64;

    private readonly WriteQuery _query = new(FieldManager: component);

    /// <summary>For plans of one object's reconciler: the first step that fails ends the plan.</summary>
    public async Task<PlanOutcome> CarryOutAsync(Plan plan, CancellationToken cancellationToken)
    {
        var attempt = new Attempt();
        var steps = plan.Steps;
        for (var start = 0; start < steps.Count && !attempt.HasFailed;)
        {
            var end = start + 1;
            while (end < steps.Count && AreAlike(steps[start], steps[end])) end++;
            await CarryOutAlikeAsync(steps, start, end, attempt, cancellationToken);
            start = end;
        }

        return attempt.Outcome;
    }

    /// <summary>For plans about many unrelated objects: each object's steps in order until one fails, the objects side by side.</summary>
    /// <returns>One outcome an object.</returns>
    public async Task<IReadOnlyCollection<PlanOutcome>> CarryOutByObjectAsync(Plan plan, CancellationToken cancellationToken)
    {
        var outcomes = new ConcurrentBag<PlanOutcome>();
        var bound = new ParallelOptions { MaxDegreeOfParallelism = BatchSizeMax, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(plan.Steps.GroupBy(SubjectOf), bound, async (steps, cancelled) =>
        {
            var attempt = new Attempt();
            foreach (var step in steps)
            {
                await CarryOutAsync(step, attempt, cancelled);
                if (attempt.HasFailed) break;
            }

            outcomes.Add(attempt.Outcome);
        });
        return outcomes;
    }

    private static ResourceKey SubjectOf(PlanStep step) => step switch
    {
        PlanStep.Create create => NameOf(create) is var (@namespace, name) ? new(create.Resource, @namespace, name) : default,
        PlanStep.Delete delete => delete.Key,
        PlanStep.Patch patch => patch.Key,
        PlanStep.Event happened => happened.About,
        _ => throw new InvalidOperationException($"unknown step {step}"),
    };

    private static bool AreAlike(PlanStep first, PlanStep second) => (first, second) switch
    {
        (PlanStep.Create a, PlanStep.Create b) => a.Resource.Kind == b.Resource.Kind,
        (PlanStep.Delete a, PlanStep.Delete b) => a.Key.Resource.Kind == b.Key.Resource.Kind,
        // Two patches of one object, such as spec and status, keep their order: they differ in subresource.
        (PlanStep.Patch a, PlanStep.Patch b) => a.Key.Resource.Kind == b.Key.Resource.Kind && a.Subresource == b.Subresource && a.Key != b.Key,
        _ => false,
    };

    private async Task CarryOutAlikeAsync(IReadOnlyList<PlanStep> steps, int start, int end, Attempt attempt, CancellationToken cancellationToken)
    {
        var size = steps[start] is PlanStep.Create ? FirstBatchSize : BatchSizeMax;
        while (start < end && !attempt.HasFailed)
        {
            var count = Math.Min(size, end - start);
            if (count == 1) await CarryOutAsync(steps[start], attempt, cancellationToken);
            else await Task.WhenAll(Enumerable.Range(start, count).Select(i => CarryOutAsync(steps[i], attempt, cancellationToken)));
            start += count;
            size = Math.Min(size * 2, BatchSizeMax);
        }
    }

    private async Task CarryOutAsync(PlanStep step, Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            switch (step)
            {
                case PlanStep.Create create:
                    await CreateAsync(create, attempt, cancellationToken);
                    break;
                case PlanStep.Patch patch:
                    attempt.Wrote(await client.PatchAsync(patch.Key, patch.Subresource, patch.Kind, Encode(WithPrecondition(patch, attempt)), _query, cancellationToken), patch.ResourceVersion);
                    break;
                case PlanStep.Delete delete:
                    attempt.Wrote(await client.DeleteAsync(delete.Key, new(delete.Propagation, delete.GracePeriodSeconds, delete.Uid, delete.ResourceVersion), cancellationToken));
                    break;
                case PlanStep.Event happened:
                    events.Record(component, happened);
                    break;
            }
        }
        catch (ApiException refusal)
        {
            Judge(step, refusal, attempt);
        }
    }

    private async Task CreateAsync(PlanStep.Create create, Attempt attempt, CancellationToken cancellationToken)
    {
        var (@namespace, name) = NameOf(create);
        try
        {
            attempt.Wrote(await client.CreateAsync(create.Resource, @namespace, Encode(create.Document), _query, cancellationToken));
            if (create.Announcement is { } announcement) events.Record(component, announcement);
        }
        catch (ApiException refusal) when (refusal.IsAlreadyExists)
        {
            // Deterministic names: ours is there already, from a moment our cache has not seen. A stranger's under our name is a refusal.
            var found = await client.GetAsync(new(create.Resource, @namespace, name), cancellationToken);
            if (Lineage.Read(found.Json.Span).ControllerUid != ControllerUidOf(create.Document)) throw;
            attempt.Wrote(found);
        }
    }

    private void Judge(PlanStep step, ApiException refusal, Attempt attempt)
    {
        switch (step)
        {
            case PlanStep.Delete { ResourceVersion: not null } when refusal.IsConflict:
                attempt.FoundOutdated();
                break;
            case PlanStep.Delete when refusal.IsNotFound || refusal.IsConflict:
                // Gone, or replaced by a namesake with another uid: either way what was to be deleted is not there.
                break;
            case PlanStep.Patch when refusal.IsNotFound || refusal.IsConflict:
                attempt.FoundOutdated();
                break;
            case PlanStep.Patch patch:
                attempt.WasRefused(patch.Key, refusal.Status, isCreate: false);
                break;
            case PlanStep.Delete delete:
                attempt.WasRefused(delete.Key, refusal.Status, isCreate: false);
                break;
            case PlanStep.Create create:
                var (@namespace, name) = NameOf(create);
                attempt.WasRefused(new(create.Resource, @namespace, name), refusal.Status, isCreate: true);
                if (create.Announcement is { } announcement)
                {
                    events.Record(component, announcement with { Type = "Warning", Reason = "FailedCreate", Message = $"Error creating: {refusal.Status.Message}" });
                }

                break;
        }
    }

    private static JsonObject WithPrecondition(PlanStep.Patch patch, Attempt attempt)
    {
        if (patch.ResourceVersion is null) return patch.Body;
        var body = (JsonObject)patch.Body.DeepClone();
        if (body["metadata"] is not JsonObject metadata) body["metadata"] = metadata = [];
        metadata["resourceVersion"] = attempt.VersionAfter(patch.Key, patch.ResourceVersion);
        return body;
    }

    private static (string? Namespace, string Name) NameOf(PlanStep.Create create)
    {
        var metadata = create.Document["metadata"];
        return (create.Resource.IsNamespaced ? (string?)metadata?["namespace"] : null, (string?)metadata?["name"] ?? "");
    }

    private static string? ControllerUidOf(JsonObject document) =>
        (string?)(document["metadata"]?["ownerReferences"] as JsonArray)?.FirstOrDefault(owner => (bool?)owner?["controller"] == true)?["uid"];

    internal static ReadOnlyMemory<byte> Encode(JsonObject document)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer)) document.WriteTo(writer);
        return buffer.WrittenMemory;
    }

    /// <summary>What came of the steps so far; written to by steps that run side by side.</summary>
    private sealed class Attempt
    {
        private readonly ConcurrentDictionary<GroupVersionKind, long> _writes = [];
        private readonly ConcurrentDictionary<(ResourceKey Key, string Before), string> _versions = [];
        private volatile bool _isOutdated;
        private PlanOutcome.Refused? _refusal;

        public bool HasFailed => _isOutdated || Volatile.Read(ref _refusal) is not null;

        public PlanOutcome Outcome =>
            _refusal is not null ? _refusal
            : _isOutdated ? new PlanOutcome.Outdated(_writes)
            : new PlanOutcome.Carried(_writes);

        public void Wrote(ResourceObject written, string? before = null)
        {
            _writes.AddOrUpdate(written.Resource.Kind, written.ResourceVersion, (_, highest) => Math.Max(highest, written.ResourceVersion));
            if (before is not null) _versions[(written.Key, before)] = written.ResourceVersion.ToString(CultureInfo.InvariantCulture);
        }

        // A plan's second step on one object rests on the first, which already proved that nobody else wrote in between.
        public string VersionAfter(ResourceKey key, string before) => _versions.GetValueOrDefault((key, before), before);

        public void FoundOutdated() => _isOutdated = true;

        // The first refusal is the one told: the others of its batch say the same.
        public void WasRefused(ResourceKey subject, ApiStatus status, bool isCreate) =>
            Interlocked.CompareExchange(ref _refusal, new(_writes, subject, status, isCreate), null);
    }
}
