using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Changes objects: read → change → clean → default → prepare → validate → "put if still at the revision that was read". Who names no
/// resourceVersion is retried on what came in between; who does is told.</summary>
internal sealed class ObjectUpdate(PipelineContext context, ObjectCreation creation)
{
    // As often as Kubernetes re-applies a patch.
    private const int AttemptsMax = 6;

    // Kinds that a PUT creates when they are absent, as in Kubernetes.
    private static readonly HashSet<string> CreatableByUpdate = ["events", "leases.coordination.k8s.io", "endpoints"];

    /// <summary>Replaces an object, or one of its subresources.</summary>
    public async Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, JsonObject document, WriteRequest request, CancellationToken cancellationToken)
    {
        Documents.RequireKind(document, key.Resource.Kind);
        Documents.RequireNamespace(document, key.Resource, key.Namespace);
        RequireName(document, key);
        Documents.Clean(document, key.Resource, request);
        var isCreatable = subresource is null && CreatableByUpdate.Contains(key.Resource.QualifiedName) && document.Metadata().Text("resourceVersion").Length == 0;
        try
        {
            return await ChangeAsync(key, subresource, request, _ => (JsonObject)document.DeepClone(), cancellationToken);
        }
        catch (ApiException exception) when (exception.IsNotFound && isCreatable)
        {
            return await creation.CreateAsync(key.Resource, key.Namespace, document, request, cancellationToken);
        }
    }

    /// <summary>Applies a patch to an object, or to one of its subresources.</summary>
    public Task<ResourceObject> PatchAsync(ResourceKey key, string? subresource, PatchKind kind, JsonNode patch, WriteRequest request, CancellationToken cancellationToken) =>
        ChangeAsync(key, subresource, request, existing =>
        {
            var patched = Patch.Apply(kind, existing, patch, key.Resource);
            Documents.RequireKind(patched, key.Resource.Kind);
            Documents.RequireNamespace(patched, key.Resource, key.Namespace);
            RequireName(patched, key);
            Documents.Clean(patched, key.Resource, request);
            return patched;
        }, cancellationToken);

    /// <summary>The loop of every change: <paramref name="change"/> gets the object as it is, resourceVersion included, and gives what it should be,
    /// cleaned; it may be called several times.</summary>
    public async Task<ResourceObject> ChangeAsync(ResourceKey key, string? subresource, WriteRequest request, Func<JsonObject, JsonObject> change, CancellationToken cancellationToken)
    {
        var warnings = request.Warnings.Count;
        var view = context.Store.Latest;
        for (var attempt = 1; ; attempt++)
        {
            Prepared? prepared = null;
            ApiException? refusal = null;
            request.Warnings.RemoveRange(warnings, request.Warnings.Count - warnings);
            try
            {
                prepared = Prepare(view, key, subresource, request, change);
            }
            catch (ApiException exception)
            {
                refusal = exception;
            }

            if (prepared?.Command is { } command && !request.DryRun)
            {
                var result = key.Resource == Lease.Resource
                    ? await context.ProposeRenewalAsync(command, cancellationToken)
                    : await context.ProposeAsync<TransactionResult>(command, cancellationToken);
                if (result.Succeeded) return prepared.Object(result.Revision.Value);
                if (attempt == AttemptsMax) throw ApiErrors.StaleConflict(key.Resource, key.Name);
                view = await context.Store.ReadAsync(cancellationToken);
                continue;
            }

            // Nothing was written, so nothing has proved yet that this state is the newest: a server that lags behind must not refuse, or find no
            // difference, by what was.
            var confirmed = attempt == 1 ? await context.Store.ReadAsync(cancellationToken) : view;
            if (ReferenceEquals(confirmed, view)) return prepared?.Object(prepared.Existing.Modified.Value) ?? throw refusal!;
            view = confirmed;
        }
    }

    private Prepared Prepare(StoreView view, ResourceKey key, string? subresource, WriteRequest request, Func<JsonObject, JsonObject> change)
    {
        var record = view.Get(ObjectKeys.Of(key)) ?? throw ApiErrors.NotFound(key.Resource, key.Name);
        var existing = StoredObjects.ToDocument(record);
        existing.Metadata()["resourceVersion"] = record.Modified.ToString();
        var updated = change(existing);
        existing.Metadata().Remove("resourceVersion");
        RequirePreconditions(updated, existing, record, key);
        Carry(updated.Metadata(), existing.Metadata());
        var rules = KindRules.For(key.Resource);
        rules.PrepareForUpdate(updated, existing, subresource, new WriteContext(context.Now, existing.Metadata().Text("uid"), request.Caller.Name));
        Documents.ValidateUpdate(updated, existing, key.Resource, subresource);
        if (subresource is null) rules.Warn(updated, request.Warnings);
        var stored = Documents.Encode(updated, key.Resource);
        return new Prepared(key.Resource, record, updated, stored, CommandFor(record, updated, stored, key.Resource));
    }

    private static Transaction? CommandFor(Record record, JsonObject updated, byte[] stored, ResourceDescriptor resource)
    {
        if (IsGone(updated, resource)) return Transaction.DeleteIf(record.Key, record.Modified);
        // What changes nothing makes no revision and no event.
        return stored.AsSpan().SequenceEqual(record.Value.Span) ? null : Transaction.PutIf(record.Key, record.Modified, stored);
    }

    /// <summary>Whether nothing holds an object back that is being deleted: no finalizer and no grace.</summary>
    public static bool IsGone(JsonObject document, ResourceDescriptor resource)
    {
        var metadata = document.Metadata();
        if (metadata["deletionTimestamp"] is null || metadata.Texts("finalizers").Count > 0) return false;
        if (resource == Namespace.Resource) return document.Child("spec").Texts("finalizers").Count == 0;
        return metadata.Number("deletionGracePeriodSeconds") is null or 0;
    }

    private static void RequireName(JsonObject document, ResourceKey key)
    {
        var given = document.Metadata().Text("name");
        if (given.Length > 0 && given != key.Name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({given}) does not match the name on the URL ({key.Name})");
        }

        document.Metadata()["name"] = key.Name;
    }

    private static void RequirePreconditions(JsonObject updated, JsonObject existing, Record record, ResourceKey key)
    {
        var metadata = updated.Metadata();
        var expected = metadata.Text("resourceVersion");
        metadata.Remove("resourceVersion");
        if (expected.Length > 0 && !Documents.TryParseRevision(expected, out _))
        {
            var errors = new FieldErrors();
            errors.Invalid("metadata.resourceVersion", $"\"{expected}\"", "must be the number that the server gave out");
            throw ApiErrors.Invalid(key.Resource.Kind, key.Name, errors);
        }

        // "0" means "whatever there is", like none.
        if (expected.Length > 0 && expected != "0" && expected != record.Modified.ToString()) throw ApiErrors.StaleConflict(key.Resource, key.Name);
        var uid = metadata.Text("uid");
        var actual = existing.Metadata().Text("uid");
        if (uid.Length > 0 && uid != actual)
        {
            throw ApiErrors.Conflict(key.Resource, key.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {actual}");
        }
    }

    // What a client may leave out comes from the existing object; what only the server sets comes from it always.
    private static void Carry(JsonObject updated, JsonObject existing)
    {
        foreach (var name in (ReadOnlySpan<string>)["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            if (updated[name] is null && existing[name] is { } value) updated[name] = value.DeepClone();
        }

        if (existing["generation"] is { } generation) updated["generation"] = generation.DeepClone();
        else updated.Remove("generation");
        updated.Remove("selfLink");
        updated.Remove("managedFields");
    }

    /// <param name="Command">Null when nothing changes.</param>
    private sealed record Prepared(ResourceDescriptor Resource, Record Existing, JsonObject Updated, byte[] Stored, Transaction? Command)
    {
        public ResourceObject Object(long revision) => Documents.ToObject(Updated, Stored, Resource, revision);
    }
}
