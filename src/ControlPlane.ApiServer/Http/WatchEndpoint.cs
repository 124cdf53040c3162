using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Storage;
using ControlPlane.ApiServer.Watches;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary>Watches over HTTP: a stream of events that ends on time-out, when the client leaves, when history is lost, or when the server stops.</summary>
internal sealed class WatchEndpoint(ApiPipeline pipeline, AnswerWriter answers, CancellationToken stopping)
{
    private const int ChangesPerRead = 256;

    // Flushing after about this many bytes keeps the first event of a long snapshot from waiting for the last.
    private const int FlushBytes = 64 * 1024;

    // As often as Kubernetes: a client that resumes is at most a minute of history behind.
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromMinutes(1);

    // Without a wish a watch lasts 30 to 60 minutes, spread so that clients do not come back all at once.
    private static readonly TimeSpan DurationMin = TimeSpan.FromMinutes(30);

    public async Task ServeAsync(HttpContext http, Selection selection, CancellationToken cancellationToken)
    {
        var request = http.Request;
        request.ValidateWatch();
        var revision = request.Revision();
        var form = Negotiation.Choose(request, isList: true, isWatch: true, allowsShapes: true, media => answers.CanEncode(media, selection.Resource, isList: false)) with { IsPretty = false };
        if (form.Shape == AnswerShape.PartialObjectMetadataList) form = form with { Shape = AnswerShape.PartialObjectMetadata };
        var frames = new WatchFrames(selection.Resource, form, pipeline.Context.Time);
        var start = new WatchStart(revision, request.Text("sendInitialEvents"), request.Flag("allowWatchBookmarks"));

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        await using var timeout = pipeline.Context.Time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), ending, DurationOf(request), Timeout.InfiniteTimeSpan);
        var snapshot = start.NeedsSnapshot ? await pipeline.ListAsync(new ListRequest(selection, start.Freshness), ending.Token) : null;
        using var cursor = pipeline.Watch(selection, snapshot?.Revision ?? revision ?? (await pipeline.Context.Store.ReadAsync(ending.Token)).Revision.Value);

        http.Response.ContentType = form.Media == MediaKind.Protobuf ? "application/vnd.kubernetes.protobuf;stream=watch" : "application/json";
        http.Response.Headers.CacheControl = "no-cache, private";
        await http.Response.StartAsync(ending.Token);
        try
        {
            if (snapshot is not null) await SendSnapshotAsync(http, frames, snapshot, selection, start, ending.Token);
            await http.Response.BodyWriter.FlushAsync(ending.Token);
            await FollowAsync(http, frames, cursor, start.AllowsBookmarks, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Time is up, or somebody leaves: the stream ends without another word, as in Kubernetes.
            return;
        }
    }

    private static async Task SendSnapshotAsync(HttpContext http, WatchFrames frames, ListPage snapshot, Selection selection, WatchStart start, CancellationToken cancellationToken)
    {
        var output = http.Response.BodyWriter;
        foreach (var record in snapshot.Records)
        {
            frames.Write(output, WatchEventType.Added, new EncodedForms(StoredObjects.ToObject(selection.Resource, record)), record.Modified.Value);
            if (output.UnflushedBytes >= FlushBytes) await output.FlushAsync(cancellationToken);
        }

        if (start.EndsSnapshotWithBookmark) frames.WriteBookmark(output, snapshot.Revision, isSnapshotEnd: true);
    }

    private async Task FollowAsync(HttpContext http, WatchFrames frames, WatchCursor cursor, bool allowsBookmarks, CancellationToken cancellationToken)
    {
        await using var cancelled = cancellationToken.UnsafeRegister(static state => ((WatchCursor)state!).Wake(), cursor);
        var time = pipeline.Context.Time;
        await using var ticker = allowsBookmarks ? time.CreateTimer(static state => ((WatchCursor)state!).Wake(), cursor, BookmarkEvery, BookmarkEvery) : null;
        var bookmarked = time.GetTimestamp();
        var output = http.Response.BodyWriter;
        var changes = new List<SelectedChange>();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                cursor.Read(changes, ChangesPerRead);
            }
            catch (ApiException exception)
            {
                frames.WriteError(output, exception.Status);
                await output.FlushAsync(cancellationToken);
                return;
            }

            foreach (var change in changes) frames.Write(output, change.Type, change.Forms, change.Revision);
            if (allowsBookmarks && time.GetElapsedTime(bookmarked) >= BookmarkEvery)
            {
                bookmarked = time.GetTimestamp();
                frames.WriteBookmark(output, cursor.Revision, isSnapshotEnd: false);
            }

            // A slow reader waits here, and only this watch with it; what comes in the meantime is read from the feed afterwards.
            if (output.UnflushedBytes > 0) await output.FlushAsync(cancellationToken);
            if (changes.Count == 0) await cursor.WaitAsync();
            changes.Clear();
        }
    }

    private static TimeSpan DurationOf(HttpRequest request)
    {
        if (request.Number("timeoutSeconds") is > 0 and { } seconds) return TimeSpan.FromSeconds(Math.Min(seconds, 24 * 3600));
        return DurationMin * (1 + Random.Shared.NextDouble());
    }

    /// <summary>What a watch begins with.</summary>
    private readonly record struct WatchStart(long? Revision, string SendInitialEvents, bool AllowsBookmarks)
    {
        private bool IsListStream => SendInitialEvents is "true" or "1";

        /// <summary>Without a revision, or from 0, a watch begins with what there is, unless that is declined.</summary>
        public bool NeedsSnapshot => IsListStream || (Revision is null or 0 && SendInitialEvents.Length == 0);

        public bool EndsSnapshotWithBookmark => IsListStream && AllowsBookmarks;

        public Freshness Freshness => Revision switch
        {
            null => Freshness.Consistent,
            0 => Freshness.Any,
            { } revision => Freshness.NotOlderThan(revision),
        };
    }
}
