using System.Text.Json.Nodes;
using System.Threading.Channels;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;

namespace ControlPlane.Controllers.Runtime;

/// <summary>Writes Kubernetes Events: repeats raise a count, many different ones for one reason are told together, a chatterbox is silenced.
/// Recording never waits and never fails its caller: events are for people, and work goes before telling of it.</summary>
public sealed class EventRecorder(IResourceClient client, TimeProvider time, Action<ControllerNotice> notify)
{
    // A burst of this many is a second of writes; what is beyond it is dropped and counted in the log.
    private const int PendingMax = 8192;

    // One write tells of all repeats that came meanwhile.
    private const int BatchMax = 256;

    private readonly Channel<(string Component, PlanStep.Event Event, DateTimeOffset At)> _pending =
        Channel.CreateBounded<(string, PlanStep.Event, DateTimeOffset)>(new BoundedChannelOptions(PendingMax) { SingleReader = true });

    private readonly EventCorrelator _correlator = new();
    private long _droppedCount;

    /// <summary>Takes an event to be written soon.</summary>
    public void Record(string component, PlanStep.Event happened)
    {
        if (!_pending.Writer.TryWrite((component, happened, time.GetUtcNow()))) Interlocked.Increment(ref _droppedCount);
    }

    /// <summary>Writes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _pending.Reader.WaitToReadAsync(cancellationToken)) await WriteBatchAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The next leader tells what happens from now on.
        }
    }

    /// <summary>Writes what is pending now.</summary>
    internal async Task WriteBatchAsync(CancellationToken cancellationToken)
    {
        var batch = new List<EventCorrelator.Series>();
        for (var i = 0; i < BatchMax && _pending.Reader.TryRead(out var next); i++)
        {
            if (_correlator.Correlate(next.Component, next.Event, next.At) is { } series && !batch.Contains(series)) batch.Add(series);
        }

        foreach (var series in batch) await WriteAsync(series, cancellationToken);
        if (Interlocked.Exchange(ref _droppedCount, 0) is var dropped and > 0) notify(new("event-recorder", $"{dropped} events", "dropped, because writing them took too long"));
    }

    private async Task WriteAsync(EventCorrelator.Series series, CancellationToken cancellationToken)
    {
        try
        {
            if (series.IsWritten && await RepeatAsync(series, cancellationToken)) return;
            await CreateAsync(series, cancellationToken);
        }
        catch (ApiException refusal)
        {
            // Such as a namespace that is being deleted: its events go with it.
            notify(new("event-recorder", series.Name, $"event \"{series.Reason}\" not written: {refusal.Status.Message}"));
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            notify(new("event-recorder", series.Name, $"event \"{series.Reason}\" not written", error));
        }
    }

    private async Task CreateAsync(EventCorrelator.Series series, CancellationToken cancellationToken)
    {
        var document = KindJson.ToDocument(series.ToEvent());
        try
        {
            await client.CreateAsync(Event.Resource, series.Namespace, Encode(document), new(FieldManager: series.Component), cancellationToken);
        }
        catch (ApiException refusal) when (refusal.IsAlreadyExists)
        {
            // Told before this leader's time: go on counting.
            var before = await client.GetAsync(new(Event.Resource, series.Namespace, series.Name), cancellationToken);
            series.ContinueFrom(before.As<Event>());
            await RepeatAsync(series, cancellationToken);
        }

        series.IsWritten = true;
    }

    private async Task<bool> RepeatAsync(EventCorrelator.Series series, CancellationToken cancellationToken)
    {
        var patch = new JsonObject { ["count"] = series.Count, ["lastTimestamp"] = TimeConverter.Format(series.Last), ["message"] = series.Message };
        try
        {
            await client.PatchAsync(new(Event.Resource, series.Namespace, series.Name), null, PatchKind.Merge, Encode(patch), new(FieldManager: series.Component), cancellationToken);
            return true;
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            // Grew old and was deleted: told anew.
            series.StartAnew();
            return false;
        }
    }

    private static ReadOnlyMemory<byte> Encode(JsonObject document) => PlanExecutor.Encode(document);
}
