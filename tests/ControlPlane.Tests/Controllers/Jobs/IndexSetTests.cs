using ControlPlane.Controllers.Jobs;
using CsCheck;

namespace ControlPlane.Tests.Controllers.Jobs;

public sealed class IndexSetTests
{
    private static readonly Gen<int[]> Indexes = Gen.Int[0, 30].Array[0, 25];

    [Theory]
    [InlineData("", "")]
    [InlineData("0", "0")]
    [InlineData("1,0", "0,1")]
    [InlineData("0,2,1", "0-2")]
    [InlineData("1,3,4,5,7", "1,3-5,7")]
    public void Two_neighbours_stay_two_numbers_and_three_become_an_interval(string indexes, string text) =>
        Assert.Equal(text, IndexSet.From(indexes.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)).ToString());

    [Fact]
    public void A_set_of_intervals_is_a_set() => Gen.Select(Indexes, Indexes).Sample((left, right) =>
    {
        var union = IndexSet.From(left).Union(IndexSet.From(right));
        var plain = left.Union(right).ToHashSet();
        return union.Count == plain.Count
            && Enumerable.Range(0, 32).All(index => union.Contains(index) == plain.Contains(index))
            && IndexSet.From(left).CountIn(IndexSet.From(right)) == left.Intersect(right).Count();
    });

    [Fact]
    public void What_is_written_is_read_back() => Indexes.Sample(indexes => IndexSet.Parse(IndexSet.From(indexes).ToString()).ToString() == IndexSet.From(indexes).ToString());

    [Fact]
    public void Indexes_beyond_the_number_of_completions_are_left_out() => Assert.Equal("0,2,3", IndexSet.Parse("0,2-9,12", 4).ToString());
}
