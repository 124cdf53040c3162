using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Replica.Turns;

/// <summary>Carries this member's setting of the quota into the log, and raises and ends the alarm of a full store.</summary>
/// <param name="self">Whose alarm it is.</param>
/// <param name="quotaBytes">What this member was started with; null leaves what is in force.</param>
internal sealed class QuotaKeeper(MemberId self, long? quotaBytes) : ILeaderDuty
{
    private long _refusalsSeen;

    public Command? Tick(bool isLeading, bool isWaiting, ReplicaState state)
    {
        var refusals = state.SpaceRefusals;
        if (!isLeading)
        {
            // What the next leader sees for itself, it will not have from here.
            _refusalsSeen = refusals;
            return null;
        }

        if (isWaiting) return null;

        var view = state.View;
        if (quotaBytes is { } wanted && wanted != view.QuotaBytes) return new SetQuota(wanted);
        var raised = view.Alarms.FirstOrDefault(alarm => alarm.Kind == AlarmKind.NoSpace);
        // A tenth, so that a store at its limit does not raise and end the alarm with every write.
        var isRoomy = view.LiveBytes <= view.QuotaBytes - (view.QuotaBytes / 10);
        if (raised != default) return isRoomy ? new SetAlarm(raised, IsRaised: false) : null;
        var wasRefused = refusals != _refusalsSeen;
        _refusalsSeen = refusals;
        return wasRefused && !isRoomy ? new SetAlarm(new Alarm(self.Value, AlarmKind.NoSpace), IsRaised: true) : null;
    }
}
