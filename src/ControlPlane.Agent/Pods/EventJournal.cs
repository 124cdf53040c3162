using System.Globalization;
using System.Text;
using System.Threading.Channels;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Pods;

/// <summary>Writes Kubernetes Events about pods, in a kubelet's reasons. Events are news, not state: what cannot be written now is dropped.</summary>
internal sealed class EventJournal : IPodJournal, IAsyncDisposable
{
    // What a burst of starts on one machine may produce; more would be stale before it is read.
    private const int PendingMax = 1024;

    private readonly Channel<Event> _pending = Channel.CreateBounded<Event>(new BoundedChannelOptions(PendingMax) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly IResourceClient _client;
    private readonly TimeProvider _time;
    private readonly string _node;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _writer;

    public EventJournal(IResourceClient client, TimeProvider time, string node)
    {
        _client = client;
        _time = time;
        _node = node;
        _writer = WriteAsync(_stopping.Token);
    }

    public void Note(Pod pod, PodInput input)
    {
        switch (input)
        {
            case PodInput.Started started:
                Add(pod, started.Container, "Normal", "Started", $"Started container {pod.Spec.ContainerAt(started.Container).Name}");
                break;
            case PodInput.NotStarted refused:
                Add(pod, refused.Container, "Warning", "Failed", $"Error: {refused.Message}");
                break;
            case PodInput.Exited { ExitCode: not 0 } exited when PodMachine.RestartsAfter(pod, exited.Container, new(exited.Attempt, exited.ExitCode, "Error", null, null, exited.At)) && exited.Attempt > 0:
                var container = pod.Spec.ContainerAt(exited.Container).Name;
                Add(pod, exited.Container, "Warning", "BackOff", $"Back-off restarting failed container {container} in pod {pod.Metadata.Name}_{pod.Metadata.Namespace}({pod.Metadata.Uid})");
                break;
            case PodInput.Unhealthy unhealthy:
                Add(pod, unhealthy.Container, "Warning", "Unhealthy", $"Container {pod.Spec.ContainerAt(unhealthy.Container).Name} failed its {unhealthy.Probe} probe and will be restarted as the restart policy says: {unhealthy.Message}");
                break;
            case PodInput.Stop { Cause: StopCause.DeadlineExceeded }:
                Add(pod, null, "Normal", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
                break;
        }
    }

    public void Killing(Pod pod, string container) => Add(pod, pod.Spec.IndexOf(container), "Normal", "Killing", $"Stopping container {container}");

    public void ImageIgnored(Pod pod)
    {
        var images = pod.Spec.InitContainers.Concat(pod.Spec.Containers).Select(container => container.Image).Where(image => !string.IsNullOrEmpty(image)).Distinct().ToList();
        if (images.Count == 0) return;
        Add(pod, null, "Normal", "ImageIgnored", $"The process runtime ignores images ({string.Join(", ", images)}): commands are programs of node {_node} itself");
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _writer;
        _stopping.Dispose();
    }

    private void Add(Pod pod, int? container, string type, string reason, string message)
    {
        var now = _time.GetUtcNow();
        _pending.Writer.TryWrite(new()
        {
            Metadata = new() { Name = string.Create(CultureInfo.InvariantCulture, $"{pod.Metadata.Name}.{now.UtcTicks:x}{Random.Shared.Next(256):x2}"), Namespace = pod.Metadata.Namespace },
            InvolvedObject = new()
            {
                Kind = "Pod",
                ApiVersion = "v1",
                Namespace = pod.Metadata.Namespace,
                Name = pod.Metadata.Name,
                Uid = pod.Metadata.Uid,
                ResourceVersion = pod.Metadata.ResourceVersion,
                FieldPath = container is { } index ? FieldPath(pod, index) : null,
            },
            Reason = reason,
            Message = message,
            Source = new() { Component = "controlplane-agent", Host = _node },
            FirstTimestamp = now,
            LastTimestamp = now,
            Count = 1,
            Type = type,
            ReportingComponent = "controlplane-agent",
            ReportingInstance = _node,
        });
    }

    private static string FieldPath(Pod pod, int index)
    {
        var list = index < pod.Spec.InitContainers.Length ? "initContainers" : "containers";
        return $"spec.{list}{{{pod.Spec.ContainerAt(index).Name}}}";
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var news in _pending.Reader.ReadAllAsync(cancellationToken))
            {
                try
                {
                    var document = Encoding.UTF8.GetBytes(KindJson.ToDocument(news).ToJsonString());
                    await _client.CreateAsync(Event.Resource, news.Metadata.Namespace, document, WriteQuery.Default, cancellationToken);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    // Told by the status as well; an event is not worth a second try.
                    Dropped++;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }

    /// <summary>How many events the API did not take.</summary>
    public int Dropped { get; private set; }
}
