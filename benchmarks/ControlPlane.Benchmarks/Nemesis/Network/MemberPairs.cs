namespace ControlPlane.Benchmarks.Nemesis.Network;

/// <summary>Picks links by what they lie between.</summary>
internal readonly record struct MemberPairs(MemberNetwork Network, IReadOnlyList<int> Members)
{
    /// <summary>All links to and from one member.</summary>
    public void Around(int member, Action<Link> act) => Across([member], act);

    /// <summary>All links between members of one side and the others, both ways.</summary>
    public void Across(IReadOnlyList<int> oneSide, Action<Link> act)
    {
        foreach (var inside in oneSide)
        {
            foreach (var outside in Members.Except(oneSide))
            {
                act(Network.From(inside, outside));
                act(Network.From(outside, inside));
            }
        }
    }
}
