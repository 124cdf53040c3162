using ControlPlane.Replica;
using ControlPlane.Replica.Turns;
using static ControlPlane.Tests.Store.Keys;

namespace ControlPlane.Tests.Replica.Turns;

/// <summary>A leader whose disk hangs or is full, among members whose disks are well.</summary>
public sealed class SlowDiskTests
{
    private readonly CoreGroup _group = new(3);

    public SlowDiskTests() => _group.TickUntil(() => _group.Members.Any(member => member.Core.Node.IsReady));

    [Fact]
    public void A_leader_whose_disk_hangs_hands_over_and_its_callers_get_their_answer()
    {
        var slow = _group.Leader;
        slow.IsDiskHeld = true;
        var outcome = slow.Propose(Always(Put("a", "1")));

        _group.TickUntil(() => _group.Members.Any(member => member != slow && member.Core.Node.IsReady));

        Assert.InRange(slow.Core.Node.Term.Value, 1UL, 2UL);
        slow.ReleaseDisk();
        _group.Tick(2);
        Assert.IsType<ProposalOutcome.Committed>(outcome());
    }

    [Fact]
    public void A_leader_whose_disk_is_full_hands_over_and_writes_go_on_elsewhere()
    {
        var full = _group.Leader;
        full.IsDiskHeld = true;
        full.Inbox.Add(new TurnInput.DiskFull("no space left"));
        _group.TickUntil(() => _group.Members.Any(member => member != full && member.Core.Node.IsReady));
        Assert.IsType<ProposalOutcome.Committed>(_group.Leader.Propose(Always(Put("a", "1")))());
    }

    [Fact]
    public void While_a_full_disk_leads_every_member_refuses_writes_at_the_door_and_stops_to_when_there_is_room()
    {
        var full = _group.Leader;
        var follower = _group.Members.First(member => member != full);
        full.Inbox.Add(new TurnInput.DiskFull("no space left"));
        _group.Settle();

        Assert.Contains("the leader's disk is full: no space left", Assert.IsType<ProposalOutcome.Rejected>(follower.Propose(Always(Put("a", "1")))()).Reason);
        Assert.IsType<ProposalOutcome.Rejected>(full.Propose(Always(Put("a", "1")))());

        full.Inbox.Add(new TurnInput.DiskFull(null));
        _group.Settle();
        Assert.IsType<ProposalOutcome.Committed>(follower.Propose(Always(Put("a", "1")))());
    }
}
