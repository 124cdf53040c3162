using System.Runtime.CompilerServices;
using System.Text.Json;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;

namespace ControlPlane.Client.Http;

/// <summary>The API over HTTP, of this server or of any Kubernetes. Besides <see cref="ApiException"/>, members throw
/// <see cref="ServerUnreachableException"/> when no server answers.</summary>
public sealed class HttpResourceClient(ApiConnection connection) : IResourceClient
{
    // Pages bound the memory of one answer; all pages of a list are read at the same revision.
    private const int PageSize = 5_000;

    // Over HTTP each binding is a request; so many at once fill a connection and leave room for others.
    private const int BindingsAtOnce = 32;

    /// <summary>The connection all requests go through.</summary>
    public ApiConnection Connection => connection;

    public async Task<ResourceObject> GetAsync(ResourceKey key, CancellationToken cancellationToken) =>
        ObjectBytes.Parse(key.Resource, await connection.FetchAsync(HttpMethod.Get, PathOf(key, null), cancellationToken: cancellationToken));

    public async Task<ResourceList> ListAsync(ResourceDescriptor resource, ListQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return await ListAsync(resource, query, PageSize, cancellationToken);
        }
        catch (ApiException expired) when (expired.Status.Code == 410)
        {
            // The revision of the first page was forgotten while the others were fetched: one large answer cannot expire.
            return await ListAsync(resource, query, null, cancellationToken);
        }
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        ResourceDescriptor resource, ListQuery query, long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = resource.Path(query.Namespace) + QueryString.Of(("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", afterRevision.ToString()), ("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector));
        using var response = await connection.SendAsync(HttpMethod.Get, path, cancellationToken: cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var line in WatchStream.LinesAsync(body, cancellationToken)) yield return WatchStream.Parse(resource, line.Span);
    }

    public async Task<ResourceObject> CreateAsync(
        ResourceDescriptor resource, string? @namespace, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) =>
        ObjectBytes.Parse(resource, await connection.FetchAsync(HttpMethod.Post, resource.Path(@namespace) + WriteParameters(query), json, cancellationToken: cancellationToken));

    public async Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) =>
        ObjectBytes.Parse(key.Resource, await connection.FetchAsync(HttpMethod.Put, PathOf(key, subresource) + WriteParameters(query), json, cancellationToken: cancellationToken));

    public async Task<ResourceObject> PatchAsync(
        ResourceKey key, string? subresource, PatchKind kind, ReadOnlyMemory<byte> patch, WriteQuery query, CancellationToken cancellationToken)
    {
        var contentType = kind switch
        {
            PatchKind.Json => "application/json-patch+json",
            PatchKind.Merge => "application/merge-patch+json",
            PatchKind.StrategicMerge => "application/strategic-merge-patch+json",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such patch over HTTP"),
        };
        return ObjectBytes.Parse(key.Resource, await connection.FetchAsync(
            HttpMethod.Patch, PathOf(key, subresource) + WriteParameters(query), patch, contentType, cancellationToken: cancellationToken));
    }

    public async Task<ResourceObject> DeleteAsync(ResourceKey key, DeleteQuery query, CancellationToken cancellationToken)
    {
        var answer = await connection.FetchAsync(HttpMethod.Delete, PathOf(key, null), DeleteOptions(query), cancellationToken: cancellationToken);
        // A server may answer with the object or with a Status that names it; both mean it is gone or going.
        return IsStatus(answer)
            ? new(key.Resource, key.Namespace, key.Name, StatusBody.TryParse(answer)?.Details?.Uid ?? "", 0, answer)
            : ObjectBytes.Parse(key.Resource, answer);
    }

    public async Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, CancellationToken cancellationToken)
    {
        var outcomes = new ApiStatus?[bindings.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, bindings.Count),
            new ParallelOptions { MaxDegreeOfParallelism = BindingsAtOnce, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                var binding = bindings[i];
                var path = $"/api/v1/namespaces/{binding.Namespace}/pods/{binding.Name}/binding";
                try
                {
                    await connection.FetchAsync(HttpMethod.Post, path, BindingBody(binding), cancellationToken: token);
                }
                catch (ApiException refusal)
                {
                    outcomes[i] = refusal.Status;
                }
            });
        return outcomes;
    }

    private async Task<ResourceList> ListAsync(ResourceDescriptor resource, ListQuery query, int? pageSize, CancellationToken cancellationToken)
    {
        var items = new List<ResourceObject>();
        long revision = 0;
        string? next = null;
        do
        {
            var path = resource.Path(query.Namespace) + QueryString.Of(("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector), ("limit", pageSize?.ToString()), ("continue", next));
            var page = await connection.FetchAsync(HttpMethod.Get, path, cancellationToken: cancellationToken);
            var (pageRevision, pageNext) = ReadPage(resource, page, items);
            if (next is null) revision = pageRevision;
            next = pageNext;
        }
        while (!string.IsNullOrEmpty(next));
        return new(items, revision);
    }

    private static (long Revision, string? Next) ReadPage(ResourceDescriptor resource, byte[] page, List<ResourceObject> items)
    {
        long revision = 0;
        string? next = null;
        var reader = new Utf8JsonReader(page);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isItems = reader.ValueTextEquals("items"u8);
            var isMetadata = reader.ValueTextEquals("metadata"u8);
            reader.Read();
            if (isMetadata && reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isRevision = reader.ValueTextEquals("resourceVersion"u8);
                    var isNext = reader.ValueTextEquals("continue"u8);
                    reader.Read();
                    if (isRevision) revision = ObjectBytes.Revision(reader.ValueSpan);
                    else if (isNext) next = reader.GetString();
                    else reader.Skip();
                }
            }
            else if (isItems && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    items.Add(ObjectBytes.Parse(resource, page[start..(int)reader.BytesConsumed]));
                }
            }
            else
            {
                reader.Skip();
            }
        }

        return (revision, next);
    }

    private static string PathOf(ResourceKey key, string? subresource) => key.Resource.Path(key.Namespace, Uri.EscapeDataString(key.Name), subresource);

    // Strict, as kubectl asks: a misspelt field is refused, not dropped in silence.
    private static string WriteParameters(WriteQuery query) =>
        QueryString.Of(("fieldManager", query.FieldManager), ("dryRun", query.DryRun ? "All" : null), ("fieldValidation", "Strict"));

    private static bool IsStatus(byte[] answer)
    {
        var reader = new Utf8JsonReader(answer);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKind = reader.ValueTextEquals("kind"u8);
            reader.Read();
            if (isKind) return reader.ValueTextEquals("Status"u8);
            reader.Skip();
        }

        return false;
    }

    private static ReadOnlyMemory<byte> DeleteOptions(DeleteQuery query) => Write(writer =>
    {
        writer.WriteString("kind", "DeleteOptions");
        writer.WriteString("apiVersion", "v1");
        if (query.GracePeriodSeconds is { } seconds) writer.WriteNumber("gracePeriodSeconds", seconds);
        if (query.Propagation is { } propagation) writer.WriteString("propagationPolicy", propagation.ToString());
        if (query.Uid is null && query.ResourceVersion is null) return;
        writer.WriteStartObject("preconditions");
        if (query.Uid is not null) writer.WriteString("uid", query.Uid);
        if (query.ResourceVersion is { } revision) writer.WriteString("resourceVersion", revision.ToString());
        writer.WriteEndObject();
    });

    private static ReadOnlyMemory<byte> BindingBody(PodBinding binding) => Write(writer =>
    {
        writer.WriteString("kind", "Binding");
        writer.WriteString("apiVersion", "v1");
        writer.WriteStartObject("metadata");
        writer.WriteString("name", binding.Name);
        writer.WriteString("namespace", binding.Namespace);
        if (binding.Uid.Length > 0) writer.WriteString("uid", binding.Uid);
        writer.WriteEndObject();
        writer.WriteStartObject("target");
        writer.WriteString("kind", "Node");
        writer.WriteString("apiVersion", "v1");
        writer.WriteString("name", binding.NodeName);
        writer.WriteEndObject();
    });

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
