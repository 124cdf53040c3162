using System.Text;
using ControlPlane.Simulation.Clusters;
using ControlPlane.Simulation.Worlds;
using ControlPlane.Store;
using ControlPlane.Store.Watches;

namespace ControlPlane.Simulation.Checking;

/// <summary>Members at the same revision have the same state and made the same changes; at the same index they also have the same sessions and leases;
/// and every change follows from the one before it.</summary>
internal sealed class StateChecker
{
    // Comparing sessions costs more than all the rest, so that one index in four must do.
    private const ulong SessionStride = 4;

    private readonly Dictionary<Revision, ulong> _hashes = [];
    private readonly Dictionary<Revision, ulong> _changes = [];
    private readonly Dictionary<ulong, ulong> _sessions = [];
    private readonly Dictionary<string, Record> _model = [];
    private Revision _modelled;

    /// <summary>Hears of every change once, in order, when the first member has made it.</summary>
    public event Action<Change>? Changed;

    public Revision Newest { get; private set; }

    public void Began(SimulatedMember member, SimulatedProcess process)
    {
        process.CheckedRevision = process.RestoredRevision = process.View.Revision;
        RequireHash(member, process.View);
    }

    public void Published(SimulatedMember member, SimulatedProcess process)
    {
        var view = process.View;
        Promise.That(view.Revision >= process.CheckedRevision, member, static m => $"{m.Name}: the revision went back");
        RequireHash(member, view);
        if (view.Revision > process.CheckedRevision) Follow(member, process, view);
        process.CheckedRevision = view.Revision;
        if (view.Revision > Newest) Newest = view.Revision;
        var index = process.Core.Node.Applied.Value;
        if (index % SessionStride == 0) RequireSessions(member, process, index);
    }

    /// <summary>The changes of one revision, as the first member that made it made them; null when nobody could see them any more.</summary>
    public ulong? PrintOf(Revision revision) => _changes.TryGetValue(revision, out var print) ? print : null;

    /// <summary>Whether a state that somebody read is the one that members had at its revision.</summary>
    public void RequireHash(SimulatedMember member, StoreView view)
    {
        if (_hashes.TryAdd(view.Revision, view.StateHash)) return;
        Promise.That(_hashes[view.Revision] == view.StateHash, (member, view), static it => $"{it.member.Name}: another state at revision {it.view.Revision}");
    }

    /// <summary>In the end: the store holds what the changes add up to.</summary>
    public void RequireModel(StoreView view)
    {
        if (_modelled != view.Revision) return;
        var records = view.Range(default, null).ToList();
        Promise.That(records.Count == _model.Count, $"the changes add up to {_model.Count} records, not to {records.Count}");
        foreach (var record in records)
        {
            Promise.That(
                _model.TryGetValue(NameOf(record.Key), out var expected) && IsEqual(record, expected),
                $"the changes do not add up to {NameOf(record.Key)} at revision {record.Modified}");
        }
    }

    public static ulong PrintOf(IEnumerable<Change> changes)
    {
        var print = default(Fingerprint);
        foreach (var change in changes)
        {
            print.Add(change.Key.Span);
            if (change.Current is not { } record) continue;
            print.Add(record.Value.Span);
            print.Add((ulong)record.Created.Value);
            print.Add((ulong)record.Modified.Value);
            print.Add((ulong)record.Version);
            print.Add((ulong)record.Lease.Value);
        }

        return print.Value;
    }

    private void Follow(SimulatedMember member, SimulatedProcess process, StoreView view)
    {
        if (view.ReadChanges(process.CheckedRevision, int.MaxValue) is not ChangesOutcome.Read read)
        {
            // A snapshot was installed, or history was compacted in the turn that made it.
            if (view.Revision > _modelled) Jump(view);
            return;
        }

        Promise.That(read.Through == view.Revision, member, static m => $"{m.Name}: changes end before the revision");
        var changes = read.Changes;
        for (var from = 0; from < changes.Count;)
        {
            var revision = changes[from].Revision;
            var end = from + 1;
            while (end < changes.Count && changes[end].Revision == revision) end++;
            var print = PrintOf(changes.Skip(from).Take(end - from));
            if (_changes.TryAdd(revision, print) && revision > _modelled)
            {
                for (var i = from; i < end; i++) Model(changes[i]);
                _modelled = revision;
            }

            Promise.That(_changes[revision] == print, (member, revision), static it => $"{it.member.Name}: other changes at revision {it.revision}");
            from = end;
        }
    }

    private void Model(Change change)
    {
        var key = NameOf(change.Key);
        _model.TryGetValue(key, out var before);
        Promise.That(change.Revision == _modelled.Next, change, static c => $"revision {c.Revision} comes out of turn");
        Promise.That(
            (before is null && change.Previous is null) || (before is not null && change.Previous is { } previous && IsEqual(previous, before)),
            (key, change), static it => $"the change of {it.key} at revision {it.change.Revision} does not continue what was there");
        if (change.Current is { } record)
        {
            Promise.That(
                record.Modified == change.Revision && record.Created == (before?.Created ?? change.Revision) && record.Version == (before?.Version ?? 0) + 1,
                (key, change), static it => $"the record {it.key} at revision {it.change.Revision} is numbered wrongly");
        }

        Changed?.Invoke(change);
        if (change.Current is { } current) _model[key] = current;
        else _model.Remove(key);
    }

    /// <summary>The changes up to this view were compacted in the turn that made them; nobody will ever see them.</summary>
    private void Jump(StoreView view)
    {
        var records = view.Range(default, null).ToDictionary(record => NameOf(record.Key));
        foreach (var (key, before) in _model.Where(known => !records.ContainsKey(known.Key)).ToList())
        {
            _model.Remove(key);
            Changed?.Invoke(new Change(view.Revision, before.Key, null, before));
        }

        foreach (var (key, record) in records)
        {
            if (_model.TryGetValue(key, out var before) && before.Modified == record.Modified) continue;
            _model[key] = record;
            Changed?.Invoke(new Change(view.Revision, record.Key, record, before));
        }

        _modelled = view.Revision;
    }

    private void RequireSessions(SimulatedMember member, SimulatedProcess process, ulong index)
    {
        var print = default(Fingerprint);
        var image = process.Core.State.TakeImage(null!);
        foreach (var session in image.Sessions.Sessions)
        {
            print.Add(session.Origin.Value);
            print.Add(session.Incarnation);
            print.Add(session.OldestOpen);
            foreach (var applied in session.Applied) print.Add(applied);
        }

        foreach (var lease in image.View.Leases) print.Add((ulong)lease.Id.Value);
        print.Add((ulong)image.View.CompactionFloor.Value);
        if (_sessions.TryAdd(index, print.Value)) return;
        Promise.That(_sessions[index] == print.Value, (member, index), static it => $"{it.member.Name}: other sessions, leases or floor at index {it.index}");
    }

    private static bool IsEqual(Record left, Record right) =>
        left.Created == right.Created && left.Modified == right.Modified && left.Version == right.Version && left.Lease == right.Lease && left.Value.Span.SequenceEqual(right.Value.Span);

    private static string NameOf(ReadOnlyMemory<byte> key) => Encoding.Latin1.GetString(key.Span);
}
