using ControlPlane.Commands;

namespace ControlPlane.Tests.Commands;

public sealed class DurationsTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(125, "2m5s")]
    [InlineData(600, "10m")]
    [InlineData(10_799, "179m")]
    [InlineData(12_000, "3h20m")]
    [InlineData(93_600, "26h")]
    [InlineData(180_000, "2d2h")]
    [InlineData(864_000, "10d")]
    public void Ages_are_as_short_as_kubectls(long seconds, string text) => Assert.Equal(text, Durations.Age(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("30s", 30)]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5h", 5400)]
    [InlineData("2d", 172_800)]
    [InlineData("500ms", 0.5)]
    public void Lengths_of_time_are_read(string text, double seconds) => Assert.Equal(seconds, Durations.Parse(text, "--since").TotalSeconds);

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("-5s")]
    public void What_is_none_is_refused(string text) => Assert.Throws<UsageException>(() => Durations.Parse(text, "--since"));
}
