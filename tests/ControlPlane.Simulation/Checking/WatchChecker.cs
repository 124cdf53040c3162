using ControlPlane.Simulation.Clusters;
using ControlPlane.Store;
using ControlPlane.Store.Watches;

namespace ControlPlane.Simulation.Checking;

/// <summary>One watcher: follows the changes at a member through its crashes and snapshots, sometimes moves to another, and gets every change once and in
/// order, or is told that they are gone.</summary>
internal sealed class WatchChecker(SimulatedCluster cluster, SimulatedMember home)
{
    private SimulatedMember _member = home;
    private Revision _cursor;

    public int EventCount { get; private set; }

    public int RelistCount { get; private set; }

    public void Begin() => cluster.Schedule.After(cluster.Random.Between(20_000, 600_000), () =>
    {
        if (_member.IsRetired || cluster.Random.Chance(0.03)) _member = cluster.Random.Pick(cluster.Members);
        if (_member.Running is { } process && _member.PausedUntil <= cluster.Schedule.Now) Poll(process);
        Begin();
    });

    private void Poll(SimulatedProcess process)
    {
        var view = process.View;
        switch (view.ReadChanges(_cursor, cluster.Random.Below(6) + 1))
        {
            case ChangesOutcome.Read read:
                Take(view, read);
                break;
            case ChangesOutcome.Compacted(var floor):
                Promise.That(floor > _cursor, $"a watch at {_member.Name} from {_cursor} is told that {floor} is compacted");
                Promise.That(
                    floor <= view.CompactionFloor || floor <= process.RestoredRevision,
                    $"a watch at {_member.Name} is told that {floor} is compacted, but only {view.CompactionFloor} is, and the state was restored at {process.RestoredRevision}");
                RelistCount++;
                _cursor = view.Revision;
                break;
        }
    }

    private void Take(StoreView view, ChangesOutcome.Read read)
    {
        if (_cursor >= view.Revision)
        {
            // It came from a member that is further, or there is nothing new.
            Promise.That(read.Changes.Count == 0 && read.Through == _cursor, $"a watch at {_member.Name} goes back from {_cursor} to {read.Through}");
            return;
        }

        Promise.That(read.Through > _cursor && read.Through <= view.Revision, $"a watch at {_member.Name} stands still at {_cursor} although revision {view.Revision} is there");
        var at = 0;
        for (var revision = _cursor.Next; revision <= read.Through; revision = revision.Next)
        {
            var from = at;
            while (at < read.Changes.Count && read.Changes[at].Revision == revision) at++;
            if (cluster.Checkers.States.PrintOf(revision) is not { } expected) continue;
            Promise.That(at > from, $"a watch at {_member.Name} has a gap at revision {revision}");
            Promise.That(StateChecker.PrintOf(read.Changes.Skip(from).Take(at - from)) == expected, $"a watch at {_member.Name} is told other changes at revision {revision}");
            EventCount += at - from;
        }

        Promise.That(at == read.Changes.Count, $"a watch at {_member.Name} from {_cursor} is told a change out of order: revision {(at < read.Changes.Count ? read.Changes[at].Revision : Revision.Zero)}");
        _cursor = read.Through;
    }
}
