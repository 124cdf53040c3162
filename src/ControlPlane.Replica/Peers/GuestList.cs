using ControlPlane.Raft.Membership;
using ControlPlane.Replica.Disks;
using ControlPlane.Wal.Members;

namespace ControlPlane.Replica.Peers;

/// <summary>Who may talk to this member. Judged by the committed configuration only: what is not committed may be taken back, and nobody comes back from "removed".</summary>
internal sealed class GuestList(MemberIdentity self, Configuration committed, PeerBook book)
{
    private volatile Configuration _committed = committed;

    public Configuration Committed => _committed;

    public void Follow(Configuration committed) => _committed = committed;

    /// <summary>May write to the disk: a member met for the first time is remembered before it is welcome.</summary>
    public Welcome Judge(Hello hello)
    {
        if (hello.Version != Hello.CurrentVersion)
        {
            return new Welcome(Refusal.Other, $"this member speaks version {Hello.CurrentVersion} between members, not {hello.Version}; run the same program on both");
        }

        if (!Enum.IsDefined(hello.Kind)) return new Welcome(Refusal.Other, $"unknown kind of connection: {(int)hello.Kind}");
        var group = _committed;
        if (hello.Caller.Level < group.VersionFloor)
        {
            return new Welcome(Refusal.ProgramTooOld,
                $"the group's version floor is {group.VersionFloor}, the program of {hello.Caller.Name} understands {hello.Caller.Level}; start it with the newer program");
        }

        return hello.Kind == ConnectionKind.Join ? JudgeJoin(hello, group) : JudgeMember(hello, group);
    }

    /// <summary>Whom a joining server was added as; by name, or by address where no name is known.</summary>
    public JoinAnswer? AnswerTo(Hello hello) => Find(hello, _committed) is { } member ? new JoinAnswer(self.ClusterId, member.Id, _committed) : null;

    private static Member? Find(Hello hello, Configuration group) =>
        group.Members.FirstOrDefault(member => member.Name == hello.Caller.Name)
        ?? group.Members.FirstOrDefault(member => member.Name.Length == 0 && member.PeerAddress == hello.Address);

    private static Welcome DataGone(string name) => new(Refusal.DataGone,
        $"the data of member {name} is gone: it comes with another disk than before, and what it promised on that one is lost. " +
        $"Remove it and add it again: `controlplane member remove {name}`, then `controlplane member add {name} --peer-address HOST:PORT`");

    private Welcome JudgeJoin(Hello hello, Configuration group)
    {
        if (Find(hello, group) is not { } member)
        {
            return new Welcome(Refusal.NotAdded,
                $"no member {hello.Caller.Name} was added to this group; first run `controlplane member add {hello.Caller.Name} --peer-address HOST:PORT`");
        }

        var known = member.DiskId != 0 ? member.DiskId : book.DiskOf(member.Id);
        return known != 0 && known != hello.Caller.DiskId ? DataGone(hello.Caller.Name) : Welcome.Granted;
    }

    private Welcome JudgeMember(Hello hello, Configuration group)
    {
        if (hello.ClusterId != self.ClusterId) return new Welcome(Refusal.Other, $"this member belongs to cluster {self.ClusterId}, not {hello.ClusterId}; are the initial clusters the same?");
        if (hello.To.Value != self.MemberId) return new Welcome(Refusal.Other, $"this is member {self.MemberId}, not {hello.To}; is the address right?");
        if (group.Removed.Contains(hello.From))
        {
            return new Welcome(Refusal.Removed,
                $"member {hello.Caller.Name} ({hello.From}) was removed from the group; to bring this machine back, empty its data directory and add it as a new member");
        }

        if (hello.Caller.DiskId == 0) return Welcome.Granted;
        var known = group.Members.FirstOrDefault(member => member.Id == hello.From)?.DiskId ?? 0;
        var isKnown = known != 0 ? known == hello.Caller.DiskId : book.TryMeet(hello.From, hello.Caller.DiskId);
        return isKnown ? Welcome.Granted : DataGone(hello.Caller.Name);
    }
}
