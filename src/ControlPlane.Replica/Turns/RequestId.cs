namespace ControlPlane.Replica.Turns;

/// <summary>Names a proposal across leaders, so that it can be sent again when its fate is unknown and is applied once.</summary>
/// <param name="Origin">The member that a caller handed it to.</param>
/// <param name="Incarnation">Raised at every start of the origin.</param>
/// <param name="Sequence">Counts the origin's proposals of this incarnation, from 1.</param>
/// <param name="OldestOpen">Everything below is settled at the origin and will not be sent again, so that members can forget it.</param>
internal readonly record struct RequestId(MemberId Origin, ulong Incarnation, ulong Sequence, ulong OldestOpen);
