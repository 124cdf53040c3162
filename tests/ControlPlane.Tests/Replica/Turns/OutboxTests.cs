using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Tests.Replica.Turns;

public sealed class OutboxTests
{
    private static readonly ReplicaId Self = new(1);
    private static readonly ReplicaId Peer = new(2);
    private static readonly Term Now = new(3);

    [Fact]
    public void A_commit_index_travels_with_the_entries_that_follow_it() =>
        Assert.Equal([1], Sent(Conveying(commit: 5, previous: 9), Carrying(commit: 5, previous: 9)));

    [Fact]
    public void The_last_of_several_acknowledgements_speaks_for_all() =>
        Assert.Equal([2], Sent(Accepted(4), Accepted(6), Accepted(9)));

    [Fact]
    public void What_says_something_of_its_own_is_sent()
    {
        Assert.Equal([0, 1], Sent(Conveying(commit: 5, previous: 8), Carrying(commit: 5, previous: 9)));
        Assert.Equal([0, 1], Sent(Carrying(commit: 5, previous: 9), Carrying(commit: 5, previous: 9)));
        Assert.Equal([0, 1], Sent(Accepted(9), Accepted(6)));
        Assert.Equal([0, 1], Sent(Accepted(4), Accepted(9) with { To = new ReplicaId(7) }));
        Assert.Equal([0, 1], Sent(Accepted(4), Accepted(9) with { Term = Now.Next }));
        Assert.Equal([0, 1], Sent(new Heartbeat(Self, Peer, Now, new LogIndex(5), 2), new Heartbeat(Self, Peer, Now, new LogIndex(4), 3)));
    }

    private static Append Conveying(ulong commit, ulong previous) => new(Self, Peer, Now, new LogIndex(previous), Now, [], new LogIndex(commit));

    private static Append Carrying(ulong commit, ulong previous) =>
        Conveying(commit, previous) with { Entries = [new Entry(Now, new LogIndex(previous + 1), EntryKind.NoOp, default)] };

    private static AppendAccepted Accepted(ulong match) => new(Self, Peer, Now, new LogIndex(match));

    private static int[] Sent(params List<Message> messages) => [.. Enumerable.Range(0, messages.Count).Where(index => !Outbox.IsSuperfluous(messages, index))];
}
