using ControlPlane.Api.Clients;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Selectors;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;

namespace ControlPlane.ApiServer.Watches;

/// <summary>Which objects of a kind a list or a watch is about. Immutable.</summary>
/// <param name="Namespace">Null: all namespaces.</param>
internal sealed record Selection(ResourceDescriptor Resource, string? Namespace, LabelSelector Labels, FieldSelector Fields)
{
    /// <summary>Parses the selectors of a query.</summary>
    /// <exception cref="Api.Errors.ApiException">400 for a selector that cannot be read.</exception>
    public static Selection Parse(ResourceDescriptor resource, string? @namespace, string? labelSelector, string? fieldSelector) => new(
        resource,
        string.IsNullOrEmpty(@namespace) ? null : @namespace,
        string.IsNullOrEmpty(labelSelector) ? LabelSelector.Everything : LabelSelector.Parse(labelSelector),
        string.IsNullOrEmpty(fieldSelector) ? FieldSelector.Everything : FieldSelector.Parse(fieldSelector, resource));

    public static Selection Of(ResourceDescriptor resource, ListQuery query) => Parse(resource, query.Namespace, query.LabelSelector, query.FieldSelector);

    /// <summary>True when every object of the namespace is meant.</summary>
    public bool IsEverything { get; } = Labels.IsEverything && Fields.IsEverything;

    /// <summary>Set when only one name can match.</summary>
    public string? ExactName { get; } = Fields.ExactName;

    /// <summary>Whether a stored object is meant; its namespace is known to fit.</summary>
    public bool Matches(Record record)
    {
        if (IsEverything) return true;
        if (!Labels.IsEverything && !Labels.Matches(StoredMetadata.Labels(record.Value.Span))) return false;
        return Fields.IsEverything || Fields.Matches(StoredObjects.ToDocument(record));
    }

    /// <summary>Cheap first look at a change: false means it is certainly not meant.</summary>
    public bool MayConcern(ObjectChange change) =>
        (Namespace is null || Namespace == change.Namespace) && (ExactName is null || ExactName == change.Name);

    /// <summary>What a watcher with this selection sees of a change: a modification that enters or leaves its sight is an addition or a deletion.</summary>
    /// <param name="usesPrevious">Out: the event shows the state before the change.</param>
    /// <returns>Null when the watcher sees nothing.</returns>
    public WatchEventType? TypeOf(ObjectChange change, out bool usesPrevious)
    {
        usesPrevious = false;
        if (!MayConcern(change)) return null;
        var isMeant = !change.IsDeletion && Matches(change.SelectableCurrent);
        var wasMeant = !change.IsCreation && Matches(change.SelectablePrevious);
        if (isMeant) return wasMeant ? WatchEventType.Modified : WatchEventType.Added;
        usesPrevious = true;
        return wasMeant ? WatchEventType.Deleted : null;
    }

    private bool Matches(Selectable state)
    {
        if (IsEverything) return true;
        if (!Labels.IsEverything && !Labels.Matches(state.Labels)) return false;
        return Fields.IsEverything || Fields.Matches(state.Document);
    }
}
