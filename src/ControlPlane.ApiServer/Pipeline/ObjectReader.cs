using System.Text;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Reads: one object, and lists at one revision.</summary>
internal sealed class ObjectReader(PipelineContext context)
{
    // How long a read may wait for a revision that this server has not seen yet.
    private static readonly TimeSpan FutureRevisionPatience = TimeSpan.FromSeconds(3);

    /// <exception cref="ApiException">404.</exception>
    public async ValueTask<ResourceObject> GetAsync(ResourceKey key, Freshness freshness, CancellationToken cancellationToken)
    {
        var view = await ViewAsync(freshness, cancellationToken);
        var record = view.Get(ObjectKeys.Of(key)) ?? throw ApiErrors.NotFound(key.Resource, key.Name);
        return StoredObjects.ToObject(key.Resource, record);
    }

    /// <exception cref="ApiException">410 for a page or revision that history no longer reaches, 504 for a revision that does not come.</exception>
    public async ValueTask<ListPage> ListAsync(ListRequest request, CancellationToken cancellationToken)
    {
        var selection = request.Selection;
        var prefix = ObjectKeys.Prefix(selection.Resource, selection.Namespace);
        ReadOnlyMemory<byte> start = prefix;
        StoreView view;
        if (request.Continue is { } text)
        {
            var token = ContinueToken.Decode(text);
            view = await ViewAsync(Freshness.Exactly(token.Revision), cancellationToken, isPage: true);
            start = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(prefix) + token.Start[1..]);
        }
        else
        {
            view = await ViewAsync(request.Freshness, cancellationToken);
        }

        if (selection.ExactName is { } name && (selection.Namespace is not null || !selection.Resource.IsNamespaced) && request.Continue is null)
        {
            var only = view.Find(selection.Resource, selection.Namespace, name);
            return new ListPage(only is not null && selection.Matches(only) ? [only] : [], view.Revision.Value, null, null);
        }

        return List(view, request, prefix, start);
    }

    /// <summary>A state of the store that is fresh enough.</summary>
    public async ValueTask<StoreView> ViewAsync(Freshness freshness, CancellationToken cancellationToken, bool isPage = false)
    {
        switch (freshness.Kind)
        {
            case FreshnessKind.Any:
                return context.Store.Latest;
            case FreshnessKind.Consistent:
                return await context.Store.ReadAsync(cancellationToken);
        }

        var latest = await AtLeastAsync(new Revision(freshness.Revision), cancellationToken);
        if (freshness.Kind == FreshnessKind.NotOlderThan || latest.Revision.Value == freshness.Revision) return latest;
        return latest.At(new Revision(freshness.Revision)) ?? throw ApiErrors.Expired(isPage
            ? "The provided continue parameter is too old to display a consistent list result. Start a new list without the continue parameter."
            : $"The resourceVersion for the provided list is too old: {freshness.Revision} ({latest.Floor})");
    }

    private static ListPage List(StoreView view, ListRequest request, byte[] prefix, ReadOnlyMemory<byte> start)
    {
        ReadOnlyMemory<byte> end = ObjectKeys.EndOf(prefix);
        var selection = request.Selection;
        var countMax = request.CountMax is > 0 and { } limit ? (int)Math.Min(limit, int.MaxValue) : int.MaxValue;
        var records = new List<Record>();
        foreach (var record in view.Range(start, end))
        {
            if (!selection.Matches(record)) continue;
            if (records.Count == countMax)
            {
                // One more was found, so there is a next page; it starts right behind the last key given out.
                var last = records[^1].Key;
                var next = Encoding.UTF8.GetString(last.Span[prefix.Length..]) + '\0';
                long? remaining = selection.IsEverything ? view.Count(record.Key, end) : null;
                return new ListPage(records, view.Revision.Value, new ContinueToken(view.Revision.Value, "/" + next).Encode(), remaining);
            }

            records.Add(record);
        }

        return new ListPage(records, view.Revision.Value, null, null);
    }

    private async ValueTask<StoreView> AtLeastAsync(Revision revision, CancellationToken cancellationToken)
    {
        var view = context.Store.Latest;
        if (view.Revision >= revision) return view;
        view = await context.Store.ReadAsync(cancellationToken);
        if (view.Revision >= revision) return view;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = context.Time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), patience, FutureRevisionPatience, Timeout.InfiniteTimeSpan);
        try
        {
            await context.Store.WaitForChangeAsync(new Revision(revision.Value - 1), patience.Token);
            return context.Store.Latest;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(new(504, "Timeout", $"Timeout: Too large resource version: {revision}, current: {view.Revision}",
                new(null, null, null, null, [new("ResourceVersionTooLarge", "", "Too large resource version")], 1)));
        }
    }
}
