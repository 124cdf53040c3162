using ControlPlane.Replica.Turns;
using CsCheck;

namespace ControlPlane.Tests.Replica.Turns;

public sealed class SequenceWindowTests
{
    [Fact]
    public void It_holds_what_a_sorted_set_would() => Gen.Select(Gen.ULong[0, 5000], Gen.Bool).Array[0, 300].Sample(steps =>
    {
        var window = new SequenceWindow(1, []);
        var plain = new SortedSet<ulong>();
        ulong floor = 1;
        foreach (var (number, isFloor) in steps)
        {
            if (isFloor)
            {
                // Floors rise a little at a time, and now and then far beyond the window.
                var raised = number < 100 ? number * 40 : floor + number % 70;
                window.RaiseFloor(raised);
                if (raised > floor) floor = raised;
                plain.RemoveWhere(below => below < floor);
            }
            else
            {
                Assert.Equal(number >= floor && plain.Add(number), window.TryAdd(number));
            }

            Assert.Equal(floor, window.Floor);
            Assert.Equal(plain, window.Numbers);
        }
    });
}
