using ControlPlane.Scheduler.Kernels;

namespace ControlPlane.Tests.Scheduler.Kernels;

public sealed class BestFitTests
{
    [Fact]
    public void Vector_and_scalar_agree_on_every_length_with_many_ties()
    {
        var chance = new Random(7);
        for (var rowCount = 0; rowCount <= 257; rowCount++)
        {
            for (var round = 0; round < 12; round++)
            {
                var dimensions = chance.Next(0, 5);
                // Few distinct values: ties are the rule, negative and exactly fitting rows are common.
                var free = Enumerable.Range(0, dimensions).Select(_ => Column(chance, rowCount)).ToArray();
                var request = Enumerable.Range(0, dimensions).Select(_ => (long)chance.Next(0, 4)).ToArray();
                var scale = Enumerable.Range(0, dimensions).Select(_ => chance.Next(-2, 20)).ToArray();
                var eligible = new byte[BestFit.Padded(rowCount) / 8];
                chance.NextBytes(eligible);
                if (round % 3 == 0) Array.Fill(eligible, (byte)0xff);
                var isSpreading = round % 2 == 0;
                var scalar = BestFitScalar.Choose(free, request, scale, eligible, rowCount, isSpreading);
                Assert.Equal(scalar, BestFitVector.Choose(free, request, scale, eligible, rowCount, isSpreading));
                Assert.Equal(scalar, BestFit.Choose(free, request, scale, eligible, rowCount, isSpreading));
            }
        }
    }

    [Fact]
    public void The_fullest_node_with_room_is_taken_and_ties_go_to_the_lowest_row()
    {
        long[] cpu = [100, 500, 300, 300, 0, 0, 0, 0];
        Assert.Equal(2, BestFit.Choose([cpu], [200], [0], [0xff], 4, isSpreading: false));
        Assert.Equal(1, BestFit.Choose([cpu], [200], [0], [0xff], 4, isSpreading: true));
        Assert.Equal(3, BestFit.Choose([cpu], [200], [0], [0b1011], 4, isSpreading: false));
        Assert.Equal(BestFit.None, BestFit.Choose([cpu], [501], [0], [0xff], 4, isSpreading: false));
    }

    [Fact]
    public void A_column_that_is_too_short_is_refused()
    {
        Assert.Throws<ArgumentException>(() => BestFit.Choose([new long[8]], [1], [0], [0xff, 0xff], 9, isSpreading: false));
        Assert.Throws<ArgumentException>(() => BestFit.Choose([new long[8]], [1, 2], [0], [0xff], 8, isSpreading: false));
    }

    private static long[] Column(Random chance, int rowCount) =>
        Enumerable.Range(0, BestFit.Padded(rowCount)).Select(_ => (long)chance.Next(-1, 5)).ToArray();
}
