using ControlPlane.Raft;
using ControlPlane.Raft.Membership;

namespace ControlPlane.Tests.Raft.Membership;

/// <summary>Whatever the way, any majority before a step and any majority after it share a member: checked on all pairs of sets of up to five voters.</summary>
public sealed class ConfigurationChangeTests
{
    private static readonly List<List<int>> VoterSets =
        [.. Enumerable.Range(1, (1 << 5) - 1).Select(bits => Enumerable.Range(1, 5).Where(number => (bits >> (number - 1) & 1) != 0).ToList())];

    [Fact]
    public void Majorities_on_both_sides_of_every_step_meet()
    {
        foreach (var present in VoterSets.Select(ConfigurationOf))
        {
            foreach (var target in VoterSets.Select(ConfigurationOf))
            {
                var step = ConfigurationChange.FirstStep(present, target)!;
                AssertMeet(present, step);
                if (step.IsJoint) AssertMeet(step, step.Left);
                Assert.Equal(target.Voters, step.Left.Voters);
            }
        }
    }

    [Fact]
    public void Only_a_change_of_several_voters_is_joint()
    {
        Assert.False(ConfigurationChange.FirstStep(ConfigurationOf([1, 2, 3]), ConfigurationOf([1, 2, 3, 4]))!.IsJoint);
        Assert.False(ConfigurationChange.FirstStep(ConfigurationOf([1, 2, 3]), ConfigurationOf([1, 2]))!.IsJoint);
        Assert.True(ConfigurationChange.FirstStep(ConfigurationOf([1, 2, 3]), ConfigurationOf([1, 2, 4]))!.IsJoint);
    }

    [Fact]
    public void There_is_no_way_from_a_joint_configuration_nor_to_one_without_voters_or_with_somebody_twice()
    {
        var present = ConfigurationOf([1, 2, 3]);
        var joint = ConfigurationOf([4, 5]) with { OutgoingVoters = present.Voters };
        Assert.Null(ConfigurationChange.FirstStep(joint, ConfigurationOf([4, 5])));
        Assert.Null(ConfigurationChange.FirstStep(present, joint));
        Assert.Null(ConfigurationChange.FirstStep(present, ConfigurationOf([])));
        Assert.Null(ConfigurationChange.FirstStep(present, ConfigurationOf([1, 2, 2])));
        Assert.Null(ConfigurationChange.FirstStep(present, present with { Learners = [present.Voters[0]] }));
        Assert.Null(ConfigurationChange.FirstStep(present, ConfigurationOf([0, 1, 2])));
    }

    [Fact]
    public void A_removed_member_does_not_come_back()
    {
        var present = ConfigurationOf([1, 2]) with { Removed = [new ReplicaId(3)] };
        Assert.Null(ConfigurationChange.FirstStep(present, ConfigurationOf([1, 2, 3]) with { Removed = present.Removed }));
        Assert.Null(ConfigurationChange.FirstStep(present, ConfigurationOf([1, 2, 3])));
    }

    private static void AssertMeet(Configuration before, Configuration after)
    {
        var groups = VoterSets.Where(group => Decides(before, group)).ToList();
        foreach (var other in VoterSets.Where(group => Decides(after, group))) Assert.All(groups, group => Assert.NotEmpty(group.Intersect(other)));
    }

    private static bool Decides(Configuration configuration, List<int> group) =>
        Quorum.Decide(configuration, id => group.Contains((int)id.Value)) == Verdict.Won;

    private static Configuration ConfigurationOf(List<int> numbers) =>
        Configuration.Of(numbers.Select(number => new Member(new ReplicaId((ulong)number), $"s{number}", $"h:{number}")));
}
