using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Replica.Turns;

/// <summary>Proposals that share an entry: ADR 0016.</summary>
public sealed class SharedEntryTests
{
    [Fact]
    public void What_comes_while_the_log_is_synced_shares_the_next_entry_and_each_is_answered_for_itself()
    {
        var group = Elected();
        var leader = group.Leader;
        var last = leader.Core.Node.LastIndex.Value;
        leader.IsDiskHeld = true;
        var outcomes = Enumerable.Range(0, 10).Select(number => leader.Propose(Put(number))).ToList();
        Assert.Equal(last + 1, leader.Core.Node.LastIndex.Value);
        Assert.All(outcomes, outcome => Assert.Null(outcome()));
        leader.ReleaseDisk();
        group.Settle();
        Assert.Equal(last + 2, leader.Core.Node.LastIndex.Value);
        Assert.Equal(Enumerable.Range(1, 10).Select(revision => new Revision(revision)), outcomes.Select(outcome => RevisionOf(outcome())));
    }

    [Fact]
    public void What_a_follower_forwards_in_one_turn_becomes_one_entry()
    {
        var group = Elected();
        var last = group.Leader.Core.Node.LastIndex.Value;
        var follower = group.Members.First(member => member != group.Leader);
        var outcomes = new List<ProposalOutcome>();
        for (var number = 0; number < 5; number++) follower.Inbox.Add(new TurnInput.Propose(CommandCodec.Encode(Put(number)), outcomes.Add));
        group.Settle();
        Assert.Equal(last + 1, group.Leader.Core.Node.LastIndex.Value);
        Assert.Equal([1, 2, 3, 4, 5], outcomes.Select(outcome => RevisionOf(outcome).Value));
    }

    [Fact]
    public void Proposals_sent_again_in_another_composition_are_applied_once()
    {
        var state = new ReplicaState();
        Assert.Equal([1UL, 2UL], Apply(state, 1, 2));
        Assert.Equal([3UL], Apply(state, 2, 3));
        Assert.Equal(3, state.View.Revision.Value);
    }

    private static CoreGroup Elected()
    {
        var group = new CoreGroup(3);
        group.TickUntil(() => group.Members.Any(member => member.Core.Node is { Role: Role.Leader, IsReady: true }));
        return group;
    }

    private static Transaction Put(int number) => new([], [new Operation.Put(BitConverter.GetBytes(number), new byte[] { 1 }, LeaseId.None)], []);

    private static Revision RevisionOf(ProposalOutcome? outcome) =>
        Assert.IsType<TransactionResult>(Assert.IsType<ProposalOutcome.Committed>(outcome).Result).Revision;

    private static IEnumerable<ulong> Apply(ReplicaState state, params ulong[] sequences)
    {
        var payload = ProposalCodec.Encode(new MemberId(3), 1, 1, [.. sequences.Select(sequence => new NumberedCommand(sequence, CommandCodec.Encode(Put((int)sequence))))]);
        return state.Apply(new Entry(new Term(1), new LogIndex(1), EntryKind.Command, payload)).Select(applied => applied.Id.Sequence);
    }
}
