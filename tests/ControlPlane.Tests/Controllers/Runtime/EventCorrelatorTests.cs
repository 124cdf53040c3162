using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Tests.Controllers.Runtime;

public sealed class EventCorrelatorTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly EventCorrelator _correlator = new();

    [Fact]
    public void The_same_message_again_raises_the_count()
    {
        var first = Happen("Created pod: a", 0);
        var again = Happen("Created pod: a", 5);
        Assert.Same(first, again);
        Assert.Equal((2, Start, Start.AddSeconds(5)), (again!.Count, again.First, again.Last));
    }

    [Fact]
    public void After_ten_different_messages_the_next_are_combined()
    {
        for (var i = 0; i < 10; i++) Assert.Equal($"message {i}", Happen($"message {i}", i)!.Message);
        var eleventh = Happen("message 10", 10);
        Assert.Equal("(combined from similar events): message 10", eleventh!.Message);
        Assert.Same(eleventh, Happen("message 11", 11));
        Assert.Equal(2, eleventh.Count);
    }

    [Fact]
    public void A_chatterbox_is_silenced_after_a_burst_and_heard_again_every_five_minutes()
    {
        for (var i = 0; i < 25; i++) Assert.NotNull(Happen("again", 0));
        Assert.Null(Happen("again", 1));
        Assert.NotNull(Happen("again", 302));
        Assert.Null(Happen("again", 303));
        Assert.NotNull(Happen("again", 0, uid: "another"));
    }

    [Fact]
    public void A_new_leader_finds_the_old_leaders_event_by_its_name() =>
        Assert.Equal(Happen("m", 0)!.Name, new EventCorrelator().Correlate("job-controller", Occurrence("m", "uid-1"), Start)!.Name);

    private EventCorrelator.Series? Happen(string message, int second, string uid = "uid-1") =>
        _correlator.Correlate("job-controller", Occurrence(message, uid), Start.AddSeconds(second));

    private static PlanStep.Event Occurrence(string message, string uid) => new(new ResourceKey(Job.Resource, "ns", "j"), uid, "1", "Normal", "SuccessfulCreate", message);
}
