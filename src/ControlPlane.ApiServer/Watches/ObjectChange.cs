using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;
using ControlPlane.Store.Watches;

namespace ControlPlane.ApiServer.Watches;

/// <summary>One change of one object on its way to all watchers. Each form is made at most about once (two threads may race to make the same value) and
/// shared, so an event costs its encoding once and a copy a watcher.</summary>
internal sealed class ObjectChange
{
    private readonly Change _change;
    private ResourceObject? _current;
    private ResourceObject? _previous;
    private Selectable? _selectableCurrent;
    private Selectable? _selectablePrevious;
    private EncodedForms? _formsCurrent;
    private EncodedForms? _formsPrevious;

    public ObjectChange(ResourceDescriptor resource, Change change)
    {
        Resource = resource;
        _change = change;
        (Namespace, Name) = ObjectKeys.NameOf(resource, change.Key.Span);
    }

    /// <summary>Position in the feed; set once, before the change is published.</summary>
    public long Sequence { get; set; }

    public long Revision => _change.Revision.Value;

    public ResourceDescriptor Resource { get; }

    public string? Namespace { get; }

    public string Name { get; }

    public bool IsDeletion => _change.Current is null;

    public bool IsCreation => _change.Previous is null;

    /// <summary>The state after the change. Not for a deletion.</summary>
    public ResourceObject Current => _current ??= ToObject(_change.Current);

    /// <summary>The state before the change, at the revision of the change: what a watcher learns when an object leaves its sight.</summary>
    public ResourceObject Previous => _previous ??= ToObject(_change.Previous);

    public Selectable SelectableCurrent => _selectableCurrent ??= new Selectable(_change.Current!.Value);

    public Selectable SelectablePrevious => _selectablePrevious ??= new Selectable(_change.Previous!.Value);

    /// <summary>The encoded forms of one of the two states.</summary>
    public EncodedForms Forms(bool ofPrevious) => ofPrevious
        ? _formsPrevious ??= new EncodedForms(Previous)
        : _formsCurrent ??= new EncodedForms(Current);

    private ResourceObject ToObject(Record? record)
    {
        Invariant.That(record is not null);
        return new ResourceObject(Resource, Namespace, Name, StoredMetadata.Uid(record.Value.Span), Revision, StoredForm.WithResourceVersion(record.Value.Span, Revision));
    }
}

/// <summary>What selectors look at, made on demand from stored bytes.</summary>
internal sealed class Selectable(ReadOnlyMemory<byte> stored)
{
    private bool _hasLabels;
    private IReadOnlyDictionary<string, string>? _labels;
    private JsonObject? _document;

    public IReadOnlyDictionary<string, string>? Labels
    {
        get
        {
            if (Volatile.Read(ref _hasLabels)) return _labels;
            _labels = StoredMetadata.Labels(stored.Span);
            Volatile.Write(ref _hasLabels, true);
            return _labels;
        }
    }

    /// <summary>Read only: shared by all watchers.</summary>
    public JsonObject Document => _document ??= (JsonObject)JsonNode.Parse(stored.Span)!;
}
