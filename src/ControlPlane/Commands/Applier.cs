using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Http;
using ControlPlane.Client.Yaml;

namespace ControlPlane.Commands;

/// <summary>What became of one object.</summary>
/// <param name="Object">As it is stored now.</param>
/// <param name="Outcome"><c>created</c>, <c>configured</c> or <c>unchanged</c>.</param>
internal sealed record Applied(ResourceObject Object, string Outcome)
{
    /// <summary><c>job.batch/pi created</c>.</summary>
    public override string ToString() => $"{ObjectLabel.Of(Object)} {Outcome}";
}

/// <summary>Makes the cluster hold what files say: creates what is missing and changes, by the difference to the last apply, what is there.</summary>
internal sealed partial class Applier(IResourceClient client, ResourceDiscovery discovery, string @namespace, bool isDryRun = false)
{
    // Each round a status update may slip between the read and the write; five in a row means somebody fights us.
    private const int ConflictsMax = 5;

    // The name kubectl uses, so that both tools are one manager of the fields.
    private static readonly WriteQuery Write = new("kubectl-client-side-apply");

    /// <summary>The namespace was given on the command line: a file that names another one is refused.</summary>
    public bool IsNamespaceFixed { get; init; }

    /// <exception cref="ApiException">The server refused; the message names file and line.</exception>
    public async Task<Applied> ApplyAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var resource = await ResourceOf(manifest, cancellationToken);
        var body = (JsonObject)manifest.Body.DeepClone();
        var target = NamespaceFor(manifest, resource);
        if (manifest.Name.Length == 0)
        {
            var hint = body["metadata"]?["generateName"] is null ? "add metadata.name" : "apply needs a fixed name: replace generateName by name";
            throw Refuse(manifest, "metadata", "metadata.name is missing", hint);
        }

        if (target is not null) ((JsonObject)body["metadata"]!)["namespace"] = target;
        var annotated = LastApplied.Annotate(body);
        var key = new ResourceKey(resource, target, manifest.Name);
        try
        {
            return await ApplyAsync(key, annotated, cancellationToken);
        }
        catch (ApiException refusal)
        {
            throw new ApiException(refusal.Status with { Message = $"{PlaceOf(manifest, refusal.Status)}: {refusal.Status.Message}" }, refusal);
        }
    }

    private async Task<Applied> ApplyAsync(ResourceKey key, JsonObject annotated, CancellationToken cancellationToken)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            try
            {
                ResourceObject current;
                try
                {
                    current = await client.GetAsync(key, cancellationToken);
                }
                catch (ApiException absent) when (absent.IsNotFound)
                {
                    return new(await client.CreateAsync(key.Resource, key.Namespace, Manifests.Bytes(annotated), Write with { DryRun = isDryRun }, cancellationToken), "created");
                }

                var document = current.ToDocument();
                var wanted = ThreeWayMerge.Merge(LastApplied.Of(document), annotated, document, key.Resource);
                var patch = ThreeWayMerge.Difference(document, wanted);
                if (patch.Count == 0) return new(current, "unchanged");
                // Lists travel whole, so the patch holds only for the state it was made from.
                if (patch["metadata"] is not JsonObject metadata) patch["metadata"] = metadata = [];
                metadata["resourceVersion"] = current.ResourceVersion.ToString();
                var patched = await client.PatchAsync(key, null, PatchKind.Merge, Manifests.Bytes(patch), Write with { DryRun = isDryRun }, cancellationToken);
                // Fields that are only ever written (a Secret's stringData) look like a change here; the server saw that they are none.
                return new(patched, !isDryRun && patched.ResourceVersion == current.ResourceVersion ? "unchanged" : "configured");
            }
            catch (ApiException raced) when ((raced.IsConflict || raced.IsAlreadyExists) && conflicts < ConflictsMax)
            {
                // Changed or created since it was read: read again.
                continue;
            }
        }
    }

    /// <exception cref="ManifestException">Nobody knows the kind.</exception>
    public async Task<ResourceDescriptor> ResourceOf(Manifest manifest, CancellationToken cancellationToken)
    {
        var kind = manifest.Kind;
        if (await discovery.FindAsync(kind, cancellationToken) is { } resource) return resource;
        var served = await discovery.ServedAsync(cancellationToken);
        var sameKind = served.FirstOrDefault(one => string.Equals(one.Kind.Kind, kind.Kind, StringComparison.OrdinalIgnoreCase));
        if (sameKind is not null) throw Refuse(manifest, "apiVersion", $"no kind {kind.Kind} in {kind.ApiVersion}", $"write apiVersion: {sameKind.Kind.ApiVersion} and kind: {sameKind.Kind.Kind}");
        var hint = UsageErrors.DidYouMean(kind.Kind, served.Select(one => one.Kind.Kind).Distinct());
        throw Refuse(manifest, "kind", $"the server does not know the kind \"{kind.Kind}\" in \"{kind.ApiVersion}\"", hint.Length > 0 ? hint[2..] : "correct the kind, or create its CustomResourceDefinition first");
    }

    /// <summary>Where the object goes; null for kinds without namespaces.</summary>
    public string? NamespaceFor(Manifest manifest, ResourceDescriptor resource)
    {
        if (!resource.IsNamespaced) return null;
        if (manifest.Namespace.Length == 0) return @namespace;
        if (IsNamespaceFixed && manifest.Namespace != @namespace)
        {
            throw Refuse(manifest, "metadata.namespace", $"the file says namespace \"{manifest.Namespace}\", the command line \"{@namespace}\"", "make them the same, or leave one out");
        }

        return manifest.Namespace;
    }

    private static ManifestException Refuse(Manifest manifest, string field, string problem, string remedy) =>
        new(manifest.Document.File, manifest.Document.Locate(field)?.Line ?? manifest.Document.Line, 0, problem, remedy);

    /// <summary>The line of the field that was refused, when the server names one; else where the object starts.</summary>
    private static string PlaceOf(Manifest manifest, ApiStatus status)
    {
        foreach (var cause in status.Details?.Causes ?? [])
        {
            if (manifest.Document.Locate(cause.Field) is { } place) return $"{manifest.Document.File}:{place.Line}";
        }

        // A misspelt or mistyped field is named in the message only: unknown field "spec.x"; into field spec.x of type int32.
        return NamedField().Match(status.Message) is { Success: true } match && manifest.Document.Locate(match.Groups[1].Value) is { } found
            ? $"{manifest.Document.File}:{found.Line}"
            : manifest.Place;
    }

    [GeneratedRegex("""field "?([A-Za-z0-9_.\[\]/-]+)""", RegexOptions.CultureInvariant)]
    private static partial Regex NamedField();
}
