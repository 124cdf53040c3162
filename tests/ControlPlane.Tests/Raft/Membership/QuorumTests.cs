using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using CsCheck;

namespace ControlPlane.Tests.Raft.Membership;

/// <summary>Majorities against the plain definition: more than half of all voters, of both sets while a change is joint.</summary>
public sealed class QuorumTests
{
    private static readonly Gen<(int VoterCount, int OutgoingCount, ulong[] Values)> Cases =
        Gen.Select(Gen.Int[1, 7], Gen.Int[0, 7], Gen.ULong[0, 9].Array[14]).Select((voters, outgoing, values) => (voters, outgoing, values));

    [Fact]
    public void What_is_reached_is_the_greatest_value_that_more_than_half_have() => Cases.Sample(drawn =>
    {
        var configuration = ConfigurationOf(drawn.VoterCount, drawn.OutgoingCount);
        ulong ValueOf(ReplicaId id) => drawn.Values[id.Value - 1];
        var expected = Enumerable.Range(0, 10).Select(value => (ulong)value).Last(value => Sets(configuration).All(set => set.Count(id => ValueOf(id) >= value) * 2 > set.Count));
        Assert.Equal(expected, Quorum.Reached(configuration, ValueOf));
    });

    [Fact]
    public void A_vote_is_won_by_more_than_half_and_lost_when_that_cannot_be_any_more() => Cases.Sample(drawn =>
    {
        var configuration = ConfigurationOf(drawn.VoterCount, drawn.OutgoingCount);
        bool? VoteOf(ReplicaId id) => drawn.Values[id.Value - 1] switch { < 4 => true, < 8 => false, _ => null };
        var isWon = Sets(configuration).All(set => set.Count(id => VoteOf(id) == true) * 2 > set.Count);
        var isLost = Sets(configuration).Any(set => set.Count(id => VoteOf(id) != false) * 2 <= set.Count);
        var expected = isLost ? Verdict.Lost : isWon ? Verdict.Won : Verdict.Open;
        Assert.Equal(expected, Quorum.Decide(configuration, VoteOf));
    });

    [Fact]
    public void A_step_changes_at_most_one_voter()
    {
        Assert.True(ConfigurationOf(3, 0).IsOneStepFrom(ConfigurationOf(4, 0)));
        Assert.True(ConfigurationOf(3, 0).IsOneStepFrom(ConfigurationOf(2, 0)));
        Assert.False(ConfigurationOf(3, 0).IsOneStepFrom(ConfigurationOf(5, 0)));
        Assert.False(ConfigurationOf(1, 0).IsOneStepFrom(new Configuration([], [], [])));
    }

    // The outgoing set starts in the middle of the voters, so that the two overlap in some and differ in others.
    private static Configuration ConfigurationOf(int voterCount, int outgoingCount) => new(
        [.. Enumerable.Range(1, voterCount).Select(MemberOf)],
        [.. Enumerable.Range(1 + voterCount / 2, outgoingCount).Select(MemberOf)],
        []);

    private static Member MemberOf(int number) => new(new ReplicaId((ulong)number), $"s{number}", $"h:{number}");

    private static IEnumerable<List<ReplicaId>> Sets(Configuration configuration)
    {
        yield return [.. configuration.Voters.Select(voter => voter.Id)];
        if (!configuration.OutgoingVoters.IsEmpty) yield return [.. configuration.OutgoingVoters.Select(voter => voter.Id)];
    }
}
