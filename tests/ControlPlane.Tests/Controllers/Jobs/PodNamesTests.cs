using ControlPlane.Controllers.Jobs;
using CsCheck;

namespace ControlPlane.Tests.Controllers.Jobs;

public sealed class PodNamesTests
{
    [Fact]
    public void Pods_of_one_job_never_share_a_name()
    {
        var names = PodNames.For("pi", "5f1e6f6e-8a1c-4f6e-9d55-000000000001", null);
        Assert.Equal(20_000, Enumerable.Range(0, 20_000).Select(ordinal => names[ordinal]).Distinct().Count());
    }

    [Fact]
    public void A_name_tells_its_ordinal() => Gen.Select(Gen.String, Gen.Int[0, 14_348_906], Gen.Int[-1, 50]).Sample((uid, ordinal, index) =>
    {
        var names = PodNames.For("job", uid, index < 0 ? null : index);
        return names.TryOrdinalOf(names[ordinal], out var told) && told == ordinal;
    });

    [Fact]
    public void The_lowest_names_not_taken_are_chosen_again_and_again()
    {
        var names = PodNames.For("job", "uid-1", null);
        Assert.Equal([names[1], names[4]], names.Free([names[0], names[2], names[3], "job-strange", "other"]).Take(2));
    }

    [Fact]
    public void A_recreated_job_starts_with_other_names() => Assert.NotEqual(PodNames.For("job", "uid-1", null)[0], PodNames.For("job", "uid-2", null)[0]);

    [Fact]
    public void A_long_name_gives_way_to_index_and_suffix()
    {
        var name = PodNames.For(new string('a', 63), "uid-1", 12)[0];
        Assert.Equal(63, name.Length);
        Assert.Matches("^a+-12-[a-z0-9]{5}$", name);
    }

    [Fact]
    public void Names_are_the_same_in_every_process() => Assert.Equal(["j-dvgmv", "j-xbfhv"], PodNames.For("j", "uid-1", null).Free([]).Take(2));
}
