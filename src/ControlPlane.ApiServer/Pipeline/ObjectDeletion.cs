using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Admission;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.ApiServer.Pipeline;

/// <param name="Object">As it was deleted, or as it waits.</param>
/// <param name="IsGone">False while finalizers or grace hold it.</param>
internal readonly record struct DeleteAnswer(ResourceObject Object, bool IsGone);

/// <summary>Deletes objects: at once when nothing holds them, else by a deletionTimestamp that others act on (finalizers, a pod's grace).</summary>
internal sealed class ObjectDeletion(PipelineContext context)
{
    private const int AttemptsMax = 6;
    private const string ForegroundFinalizer = "foregroundDeletion";
    private const string OrphanFinalizer = "orphan";

    public async Task<DeleteAnswer> DeleteAsync(ResourceKey key, DeleteRequest request, CancellationToken cancellationToken)
    {
        NamespaceLifecycle.AdmitDelete(key);
        WarnAboutJobs(key.Resource, request);
        for (var attempt = 1; ; attempt++)
        {
            // Deleting is judged by a confirmed state from the start: a stale "not found" would be a lie.
            var view = await context.Store.ReadAsync(cancellationToken);
            var record = view.Get(ObjectKeys.Of(key)) ?? throw ApiErrors.NotFound(key.Resource, key.Name);
            var document = StoredObjects.ToDocument(record);
            RequirePreconditions(document, record, key, request);
            var isGone = Mark(document, key.Resource, request);
            var stored = isGone ? record.Value.ToArray() : Documents.Encode(document, key.Resource);
            if (request.DryRun || (!isGone && stored.AsSpan().SequenceEqual(record.Value.Span)))
            {
                return new DeleteAnswer(Documents.ToObject(document, Documents.Encode(document, key.Resource), key.Resource, record.Modified.Value), isGone);
            }

            var command = isGone ? Transaction.DeleteIf(record.Key, record.Modified) : Transaction.PutIf(record.Key, record.Modified, stored);
            var result = await context.ProposeAsync<TransactionResult>(command, cancellationToken);
            if (result.Succeeded)
            {
                return new DeleteAnswer(Documents.ToObject(document, Documents.Encode(document, key.Resource), key.Resource, result.Revision.Value), isGone);
            }

            if (attempt == AttemptsMax) throw ApiErrors.StaleConflict(key.Resource, key.Name);
        }
    }

    // Writes into the document that it is being deleted; true when nothing holds it back.
    private bool Mark(JsonObject document, ResourceDescriptor resource, DeleteRequest request)
    {
        var metadata = document.Metadata();
        SetPropagationFinalizers(metadata, PropagationOf(resource, request), request.Propagation is not null);
        var grace = resource == Pod.Resource ? GraceOf(document, request) : 0;
        var wasMarked = metadata["deletionTimestamp"] is not null;
        if (!wasMarked)
        {
            metadata["deletionTimestamp"] = PipelineContext.Spell(context.Now.AddSeconds(grace));
            if (resource == Namespace.Resource) Terminate(document);
            else metadata["deletionGracePeriodSeconds"] = grace;
            if (metadata.Number("generation") is > 0 and { } generation) metadata["generation"] = generation + 1;
        }
        else if (metadata.Number("deletionGracePeriodSeconds") is { } former && grace < former)
        {
            // A shorter grace is taken, a longer one is not: the time of death only comes nearer.
            var marked = DateTimeOffset.Parse(metadata.Text("deletionTimestamp"), CultureInfo.InvariantCulture).AddSeconds(grace - former);
            metadata["deletionTimestamp"] = PipelineContext.Spell(marked);
            metadata["deletionGracePeriodSeconds"] = grace;
        }

        return ObjectUpdate.IsGone(document, resource);
    }

    private static void Terminate(JsonObject document)
    {
        if (document["status"] is not JsonObject status) document["status"] = status = [];
        status["phase"] = "Terminating";
    }

    // A pod that no agent has, or whose work is done, needs no grace.
    private static long GraceOf(JsonObject pod, DeleteRequest request)
    {
        var spec = pod.Child("spec");
        if (spec.Text("nodeName").Length == 0 || pod.Child("status").Text("phase") is "Succeeded" or "Failed") return 0;
        var grace = request.GracePeriodSeconds ?? spec.Number("terminationGracePeriodSeconds") ?? 30;
        return grace < 0 ? 1 : grace;
    }

    private static DeletePropagation PropagationOf(ResourceDescriptor resource, DeleteRequest request) =>
        request.Propagation ?? (resource == Job.Resource ? DeletePropagation.Orphan : DeletePropagation.Background);

    private static void SetPropagationFinalizers(JsonObject metadata, DeletePropagation propagation, bool isExplicit)
    {
        var finalizers = metadata.Texts("finalizers");
        var wanted = propagation switch
        {
            DeletePropagation.Foreground => ForegroundFinalizer,
            DeletePropagation.Orphan => OrphanFinalizer,
            _ => null,
        };
        // Who says nothing leaves an earlier choice as it is.
        var hasChoice = finalizers.Contains(ForegroundFinalizer) || finalizers.Contains(OrphanFinalizer);
        if (!isExplicit && hasChoice) return;
        finalizers.RemoveAll(finalizer => finalizer is ForegroundFinalizer or OrphanFinalizer && finalizer != wanted);
        if (wanted is not null && !finalizers.Contains(wanted)) finalizers.Add(wanted);
        metadata.SetTexts("finalizers", finalizers);
    }

    private static void WarnAboutJobs(ResourceDescriptor resource, DeleteRequest request)
    {
        if (resource != Job.Resource || request.Propagation is not null) return;
        request.Warnings.Add("child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning");
    }

    private static void RequirePreconditions(JsonObject document, Record record, ResourceKey key, DeleteRequest request)
    {
        var uid = document.Metadata().Text("uid");
        if (request.Uid is { } expectedUid && expectedUid != uid)
        {
            throw Mismatch(key, $"the UID in the precondition ({expectedUid}) does not match the UID in record ({uid}). The object might have been deleted and then recreated");
        }

        if (request.ResourceVersion is { } expectedVersion && expectedVersion != record.Modified.ToString())
        {
            throw Mismatch(key, $"the ResourceVersion in the precondition ({expectedVersion}) does not match the ResourceVersion in record ({record.Modified}). The object might have been modified");
        }
    }

    // Preconditions name the kind where other conflicts name the resource; so does Kubernetes.
    private static ApiException Mismatch(ResourceKey key, string detail)
    {
        var kind = key.Resource.Kind;
        var qualified = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
        return new ApiException(new(409, "Conflict", $"Operation cannot be fulfilled on {qualified} \"{key.Name}\": {detail}", new(key.Name, kind.Group, kind.Kind, null, [])));
    }
}
