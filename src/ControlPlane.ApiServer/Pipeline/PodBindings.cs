using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Binds pods to nodes: a whole round of the scheduler in one log entry, each pod under its own condition.</summary>
internal sealed class PodBindings(PipelineContext context)
{
    private const int AttemptsMax = 4;

    /// <returns>One element a binding, in order: null when bound, else why not.</returns>
    public async Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, bool dryRun, CancellationToken cancellationToken)
    {
        var answers = new ApiStatus?[bindings.Count];
        var open = Enumerable.Range(0, bindings.Count).ToList();
        for (var attempt = 1; open.Count > 0; attempt++)
        {
            var view = attempt == 1 ? context.Store.Latest : await context.Store.ReadAsync(cancellationToken);
            // A refusal counts once it is judged by a confirmed state.
            var isFinal = attempt > 1;
            var transactions = ImmutableArray.CreateBuilder<Transaction>(open.Count);
            var proposed = new List<int>(open.Count);
            var again = new List<int>();
            foreach (var index in open)
            {
                try
                {
                    transactions.Add(Prepare(view, bindings[index]));
                    proposed.Add(index);
                }
                catch (ApiException exception)
                {
                    if (isFinal) answers[index] = exception.Status;
                    else again.Add(index);
                }
            }

            if (proposed.Count > 0 && !dryRun)
            {
                var result = await context.ProposeAsync<BatchResult>(new Batch(transactions.DrainToImmutable()), cancellationToken);
                for (var i = 0; i < proposed.Count; i++)
                {
                    if (result.Transactions[i] is TransactionResult { Succeeded: true }) continue;
                    if (result.Transactions[i] is RefusedResult refused) answers[proposed[i]] = Proposals.ErrorFor(refused).Status;
                    // The pod changed in between (its status, say): look again.
                    else if (attempt < AttemptsMax) again.Add(proposed[i]);
                    else answers[proposed[i]] = ApiErrors.StaleConflict(Pod.Resource, bindings[proposed[i]].Name).Status;
                }
            }

            open = again;
        }

        return answers;
    }

    private Transaction Prepare(StoreView view, PodBinding binding)
    {
        var record = view.Find(Pod.Resource, binding.Namespace, binding.Name) ?? throw ApiErrors.NotFound(Pod.Resource, binding.Name);
        var pod = StoredObjects.ToDocument(record);
        var metadata = pod.Metadata();
        if (binding.Uid.Length > 0 && binding.Uid != metadata.Text("uid"))
        {
            throw ApiErrors.Conflict(Pod.Resource, binding.Name,
                $"the UID in the precondition ({binding.Uid}) does not match the UID in record ({metadata.Text("uid")}). The object might have been deleted and then recreated");
        }

        if (metadata["deletionTimestamp"] is not null) throw ApiErrors.Conflict(Pod.Resource, binding.Name, $"pod {binding.Name} is being deleted, cannot be assigned to a host");
        if (pod["spec"] is not JsonObject spec) throw ApiErrors.Internal($"pod {binding.Name} has no spec");
        if (spec.Text("nodeName") is { Length: > 0 } node) throw ApiErrors.Conflict(Pod.Resource, binding.Name, $"pod {binding.Name} is already assigned to node \"{node}\"");
        if (binding.NodeName.Length == 0)
        {
            var errors = new FieldErrors();
            errors.Required("target.name");
            throw ApiErrors.Invalid(new GroupVersionKind("", "v1", "Binding"), binding.Name, errors);
        }

        spec["nodeName"] = binding.NodeName;
        SetScheduled(pod, PipelineContext.Spell(context.Now));
        return Transaction.PutIf(record.Key, record.Modified, Documents.Encode(pod, Pod.Resource));
    }

    private static void SetScheduled(JsonObject pod, string now)
    {
        if (pod["status"] is not JsonObject status) pod["status"] = status = [];
        if (status["conditions"] is not JsonArray conditions) status["conditions"] = conditions = [];
        for (var i = conditions.Count - 1; i >= 0; i--)
        {
            if (conditions[i] is JsonObject condition && condition.Text("type") == "PodScheduled") conditions.RemoveAt(i);
        }

        conditions.Add(new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "True",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = now,
        });
    }
}
