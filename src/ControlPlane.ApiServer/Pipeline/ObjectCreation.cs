using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Admission;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Creates objects: clean → default → admit → prepare → validate → "put if absent, in a namespace that is still as admitted".</summary>
internal sealed class ObjectCreation(PipelineContext context, PodAdmission podAdmission)
{
    // With 27^5 suffixes a second collision in a row is chance enough to look for another reason.
    private const int GeneratedNameAttempts = 8;

    /// <param name="document">Owned by this call from now on.</param>
    public async Task<ResourceObject> CreateAsync(ResourceDescriptor resource, string? @namespace, JsonObject document, WriteRequest request, CancellationToken cancellationToken)
    {
        Documents.RequireKind(document, resource.Kind);
        Documents.RequireNamespace(document, resource, @namespace);
        Documents.Clean(document, resource, request);
        var metadata = document.Metadata();
        if (metadata.Text("resourceVersion").Length > 0)
        {
            throw ApiErrors.BadRequest("resourceVersion should not be set on objects to be created");
        }

        var generateName = metadata.Text("name").Length == 0 ? metadata.Text("generateName") : "";
        for (var attempt = 1; ; attempt++)
        {
            var candidate = attempt == 1 && generateName.Length == 0 ? document : (JsonObject)document.DeepClone();
            if (generateName.Length > 0) candidate.Metadata()["name"] = generateName + context.Ids.NewNameSuffix();
            if (await TryCreateAsync(resource, @namespace, candidate, request, cancellationToken) is { } created) return created;
            if (generateName.Length == 0) throw ApiErrors.AlreadyExists(resource, metadata.Text("name"));
            if (attempt == GeneratedNameAttempts) throw ApiErrors.AlreadyExists(resource, candidate.Metadata().Text("name"));
        }
    }

    // Null: the name is taken.
    private async Task<ResourceObject?> TryCreateAsync(ResourceDescriptor resource, string? @namespace, JsonObject document, WriteRequest request, CancellationToken cancellationToken)
    {
        var name = document.Metadata().Text("name");
        Stamp(document);
        var view = context.Store.Latest;
        Record? home;
        try
        {
            home = Admit(view, resource, @namespace, document);
        }
        catch (ApiException)
        {
            // This server may lag behind the one that made the namespace or the priority class.
            var confirmed = await context.Store.ReadAsync(cancellationToken);
            if (ReferenceEquals(confirmed, view)) throw;
            view = confirmed;
            home = Admit(view, resource, @namespace, document);
        }

        var rules = KindRules.For(resource);
        rules.PrepareForCreate(document, new WriteContext(context.Now, document.Metadata().Text("uid"), request.Caller.Name));
        Documents.Validate(document, resource);
        rules.Warn(document, request.Warnings);
        var stored = Documents.Encode(document, resource);
        var key = ObjectKeys.Of(resource, @namespace, name);
        if (request.DryRun) return view.Get(key) is null ? Documents.ToObject(document, stored, resource, 0) : null;

        var result = await context.ProposeAsync<TransactionResult>(PutIfAbsent(key, stored, home), cancellationToken);
        if (result.Succeeded) return Documents.ToObject(document, stored, resource, result.Revision.Value);
        if (result.Operations is [OperationResult.Read { Records.IsEmpty: false }, ..]) return null;
        // The namespace has changed since it was looked at; look again.
        return await TryCreateAsync(resource, @namespace, document, request, cancellationToken);
    }

    // The namespace the object will live in; null for a cluster-scoped kind.
    private Record? Admit(StoreView view, ResourceDescriptor resource, string? @namespace, JsonObject document)
    {
        var home = NamespaceLifecycle.Find(view, resource, @namespace);
        NamespaceLifecycle.AdmitCreate(home, resource, @namespace, document.Metadata().Text("name"));
        if (resource == Pod.Resource) podAdmission.Admit(document, view);
        return home;
    }

    private void Stamp(JsonObject document)
    {
        var metadata = document.Metadata();
        metadata["uid"] = context.Ids.NewUid();
        metadata["creationTimestamp"] = PipelineContext.Spell(context.Now);
        // What only the server may set.
        foreach (var name in (ReadOnlySpan<string>)["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields", "generation"]) metadata.Remove(name);
    }

    // The namespace is compared too: otherwise an object could slip in behind the back of the namespace's deletion and stay for ever.
    private static Transaction PutIfAbsent(byte[] key, byte[] stored, Record? home)
    {
        var compares = ImmutableArray.CreateBuilder<Compare>(2);
        compares.Add(new Compare.ModifiedRevision(key, Comparison.Equal, Revision.Zero));
        if (home is not null) compares.Add(new Compare.ModifiedRevision(home.Key, Comparison.Equal, home.Modified));
        return new Transaction(compares.DrainToImmutable(), [new Operation.Put(key, stored, LeaseId.None)], [new Operation.Read(key, null, 1)]);
    }
}
