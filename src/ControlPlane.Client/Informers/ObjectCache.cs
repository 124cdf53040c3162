using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using ControlPlane.Api.Control;
using ControlPlane.Api.Resources;
using ObjectsByName = System.Collections.Immutable.ImmutableSortedDictionary<string, ControlPlane.Api.Resources.ResourceObject>;
using Shelf = System.Collections.Immutable.ImmutableSortedDictionary<ControlPlane.Api.Control.ObjectName, ControlPlane.Api.Resources.ResourceObject>;

namespace ControlPlane.Client.Informers;

/// <summary>All objects of one kind (or of one selection) at one revision. Immutable: a reader on any thread keeps what it holds while the informer
/// moves on; two versions share all that did not change. Everything enumerates in namespace and name order, ordinal.</summary>
public sealed class ObjectCache
{
    // Cluster-scoped objects live on the shelf "": no namespace has that name.
    private readonly ImmutableSortedDictionary<string, ObjectsByName> _namespaces;
    private readonly ImmutableArray<ObjectIndex> _indexes;
    private readonly ImmutableArray<ImmutableDictionary<string, Shelf>> _shelves;

    private ObjectCache(
        ImmutableSortedDictionary<string, ObjectsByName> namespaces,
        ImmutableArray<ObjectIndex> indexes,
        ImmutableArray<ImmutableDictionary<string, Shelf>> shelves,
        int count,
        long revision)
    {
        _namespaces = namespaces;
        _indexes = indexes;
        _shelves = shelves;
        Count = count;
        Revision = revision;
    }

    /// <summary>Nothing, at revision 0.</summary>
    public static ObjectCache Empty(params ImmutableArray<ObjectIndex> indexes) => new(
        ImmutableSortedDictionary.Create<string, ObjectsByName>(StringComparer.Ordinal),
        indexes,
        [.. indexes.Select(_ => ImmutableDictionary.Create<string, Shelf>(StringComparer.Ordinal))],
        0,
        0);

    /// <summary>How many objects there are.</summary>
    public int Count { get; }

    /// <summary>The revision this state was reached at.</summary>
    public long Revision { get; }

    public bool TryGet(ObjectName name, [NotNullWhen(true)] out ResourceObject? item)
    {
        item = null;
        return _namespaces.TryGetValue(name.Namespace ?? "", out var objects) && objects.TryGetValue(name.Name, out item);
    }

    /// <summary>The object, or null.</summary>
    public ResourceObject? Get(string? @namespace, string name) => TryGet(new(@namespace, name), out var item) ? item : null;

    /// <summary>Every object.</summary>
    public IEnumerable<ResourceObject> All() => _namespaces.Values.SelectMany(objects => objects.Values);

    /// <summary>The objects of one namespace.</summary>
    public IEnumerable<ResourceObject> InNamespace(string @namespace) => _namespaces.TryGetValue(@namespace, out var objects) ? objects.Values : [];

    /// <summary>The objects whose controller owner has this uid. The cache must have been made with <see cref="ObjectIndex.ControllerOwner"/>.</summary>
    public IEnumerable<ResourceObject> OwnedBy(string ownerUid) => Indexed(ObjectIndex.ControllerOwner.Name, ownerUid);

    /// <summary>The objects found under a key of an index.</summary>
    /// <exception cref="ArgumentException">The cache has no such index.</exception>
    public IEnumerable<ResourceObject> Indexed(string index, string key)
    {
        for (var i = 0; i < _indexes.Length; i++)
        {
            if (_indexes[i].Name == index) return _shelves[i].TryGetValue(key, out var shelf) ? shelf.Values : [];
        }

        throw new ArgumentException($"this cache has no index \"{index}\"; it has: {string.Join(", ", _indexes.Select(known => known.Name))}", nameof(index));
    }

    /// <summary>The cache that holds exactly these objects; built in bulk, because a first list may bring tens of thousands.</summary>
    internal ObjectCache Replace(IReadOnlyList<ResourceObject> items, long revision)
    {
        var namespaces = items
            .GroupBy(item => item.Namespace ?? "", StringComparer.Ordinal)
            .ToImmutableSortedDictionary(group => group.Key, group => group.ToImmutableSortedDictionary(item => item.Name, item => item, StringComparer.Ordinal), StringComparer.Ordinal);
        var shelves = _indexes.Select(index => items
            .SelectMany(item => index.KeysOf(item).Select(key => (key, item)))
            .GroupBy(pair => pair.key, pair => pair.item, StringComparer.Ordinal)
            .ToImmutableDictionary(group => group.Key, group => group.ToImmutableSortedDictionary(NameOf, item => item, NameOrder.Instance), StringComparer.Ordinal));
        return new(namespaces, _indexes, [.. shelves], items.Count, revision);
    }

    /// <summary>The cache after one change.</summary>
    internal ObjectCache With(ObjectChange change, long revision)
    {
        var shelf = change.Latest.Namespace ?? "";
        var objects = _namespaces.GetValueOrDefault(shelf) ?? EmptyObjects;
        objects = change.New is null ? objects.Remove(change.Latest.Name) : objects.SetItem(change.New.Name, change.New);
        var namespaces = objects.IsEmpty ? _namespaces.Remove(shelf) : _namespaces.SetItem(shelf, objects);
        var shelves = _shelves;
        for (var i = 0; i < _indexes.Length; i++) shelves = shelves.SetItem(i, Reshelve(shelves[i], _indexes[i], change));
        var count = Count + (change.IsAdded ? 1 : 0) - (change.IsDeleted ? 1 : 0);
        return new(namespaces, _indexes, shelves, count, revision);
    }

    /// <summary>The same objects, known to be current at a later revision.</summary>
    internal ObjectCache At(long revision) => new(_namespaces, _indexes, _shelves, Count, revision);

    private static readonly ObjectsByName EmptyObjects = ImmutableSortedDictionary.Create<string, ResourceObject>(StringComparer.Ordinal);

    private static readonly Shelf EmptyShelf = ImmutableSortedDictionary.Create<ObjectName, ResourceObject>(NameOrder.Instance);

    private static ImmutableDictionary<string, Shelf> Reshelve(ImmutableDictionary<string, Shelf> shelves, ObjectIndex index, ObjectChange change)
    {
        var name = change.Name;
        var keys = change.New is null ? [] : index.KeysOf(change.New).ToList();
        if (change.Old is not null)
        {
            foreach (var key in index.KeysOf(change.Old))
            {
                if (keys.Contains(key)) continue;
                var rest = shelves[key].Remove(name);
                shelves = rest.IsEmpty ? shelves.Remove(key) : shelves.SetItem(key, rest);
            }
        }

        foreach (var key in keys) shelves = shelves.SetItem(key, (shelves.GetValueOrDefault(key) ?? EmptyShelf).SetItem(name, change.New!));
        return shelves;
    }

    private static ObjectName NameOf(ResourceObject item) => new(item.Namespace, item.Name);

    private sealed class NameOrder : IComparer<ObjectName>
    {
        public static readonly NameOrder Instance = new();

        public int Compare(ObjectName left, ObjectName right)
        {
            var byNamespace = string.CompareOrdinal(left.Namespace, right.Namespace);
            return byNamespace != 0 ? byNamespace : string.CompareOrdinal(left.Name, right.Name);
        }
    }
}
