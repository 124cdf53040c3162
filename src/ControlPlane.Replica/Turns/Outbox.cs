using ControlPlane.Raft.Messages;

namespace ControlPlane.Replica.Turns;

/// <summary>Knows messages that a later one of the same turn to the same peer makes superfluous. Any message may be lost, so none is needed for safety, and each
/// that is left out spares both sides a frame, a turn and mostly an answer.</summary>
internal static class Outbox
{
    // A turn says little to each peer; beyond this a search would cost more than it saves.
    private const int LookAheadMax = 16;

    /// <param name="messages">Of one turn, in order.</param>
    public static bool IsSuperfluous(List<Message> messages, int index)
    {
        for (var later = index + 1; later < messages.Count && later <= index + LookAheadMax; later++)
        {
            if (Repeats(messages[later], messages[index])) return true;
        }

        return false;
    }

    private static bool Repeats(Message later, Message earlier)
    {
        if (later.To != earlier.To || later.Term != earlier.Term) return false;
        return (earlier, later) switch
        {
            // It only conveyed the commit index, or probed where the later one probes as well.
            (Append { Entries.Count: 0 } empty, Append append) => append.PreviousIndex == empty.PreviousIndex && append.Commit >= empty.Commit,
            (AppendAccepted first, AppendAccepted second) => second.Match >= first.Match,
            (Heartbeat first, Heartbeat second) => second.Round >= first.Round && second.Commit >= first.Commit,
            (HeartbeatResponse first, HeartbeatResponse second) => second.Round >= first.Round,
            _ => false,
        };
    }
}
