using ControlPlane.Store.Commands;

namespace ControlPlane.Replica.Turns;

/// <summary>Something that the leader proposes by itself as time passes. Every member keeps count, so that whoever leads next can go on.</summary>
internal interface ILeaderDuty
{
    /// <summary>Moves time by one tick and returns what to propose, or null.</summary>
    /// <param name="isLeading">This member leads and has applied an entry of its term, so that it knows everything that was acknowledged before; else nothing
    /// may be proposed.</param>
    /// <param name="isWaiting">What this duty proposed last has no outcome yet; nothing may be proposed until then.</param>
    /// <param name="state">What is applied here.</param>
    Command? Tick(bool isLeading, bool isWaiting, ReplicaState state);
}
