using ControlPlane.Api.Schedules;
using Cronos;
using CsCheck;

namespace ControlPlane.Tests.Api.Schedules;

public class CronScheduleTests
{
    [Theory]
    [InlineData("* * * * *", "2026-01-02T03:04:05Z", "2026-01-02T03:05:00Z")]
    [InlineData("* * * * *", "2026-01-02T03:05:00Z", "2026-01-02T03:06:00Z")]
    [InlineData("*/15 * * * *", "2026-01-02T03:46:00Z", "2026-01-02T04:00:00Z")]
    [InlineData("5/20 * * * *", "2026-01-02T03:06:00Z", "2026-01-02T03:25:00Z")]
    [InlineData("30 8 * * mon-fri", "2026-01-02T09:00:00Z", "2026-01-05T08:30:00Z")]
    [InlineData("0 0 1 JAN ?", "2026-01-02T09:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2026-01-02T09:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("@hourly", "2026-01-02T09:00:01Z", "2026-01-02T10:00:00Z")]
    [InlineData("@weekly", "2026-01-02T09:00:01Z", "2026-01-04T00:00:00Z")]
    [InlineData("@monthly", "2026-01-02T09:00:01Z", "2026-02-01T00:00:00Z")]
    [InlineData("@yearly", "2026-01-02T09:00:01Z", "2027-01-01T00:00:00Z")]
    [InlineData("@midnight", "2026-01-02T09:00:01Z", "2026-01-03T00:00:00Z")]
    [InlineData("@every 1h30m", "2026-01-02T09:00:01.5Z", "2026-01-02T10:30:01Z")]
    [InlineData("@every 1ms", "2026-01-02T09:00:01.5Z", "2026-01-02T09:00:02Z")]
    public void The_next_time_is_strictly_after(string schedule, string after, string next) => Assert.Equal(Utc(next), CronSchedule.Parse(schedule).Next(Utc(after), TimeZoneInfo.Utc));

    [Theory]
    [InlineData("0 0 13 * 5", "2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z")]
    [InlineData("0 0 13 * 5", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z")]
    [InlineData("0 0 */2 * 1", "2026-01-03T00:00:00Z", "2026-01-05T00:00:00Z")]
    [InlineData("0 0 */2 * 1", "2026-01-11T00:00:00Z", "2026-01-12T00:00:00Z")]
    [InlineData("0 0 */1 * 1", "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z")]
    public void Days_are_alternatives_unless_one_of_them_is_every_day(string schedule, string after, string next) =>
        Assert.Equal(Utc(next), CronSchedule.Parse(schedule).Next(Utc(after), TimeZoneInfo.Utc));

    [Fact]
    public void A_day_that_never_comes_has_no_next_time() => Assert.Null(CronSchedule.Parse("0 0 30 2 *").Next(Utc("2026-01-02T00:00:00Z"), TimeZoneInfo.Utc));

    [Theory]
    [InlineData("61 * * * *", "end of range (61) above maximum (59): 61")]
    [InlineData("* * 0 * *", "beginning of range (0) below minimum (1): 0")]
    [InlineData("* * * * 7", "end of range (7) above maximum (6): 7")]
    [InlineData("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1")]
    [InlineData("*/0 * * * *", "step of range should be a positive number: */0")]
    [InlineData("1-2-3 * * * *", "too many hyphens: 1-2-3")]
    [InlineData("1/2/3 * * * *", "too many slashes: 1/2/3")]
    [InlineData("x * * * *", "failed to parse int from x: \"x\" is not a number")]
    [InlineData("*/-5 * * * *", "negative number (-5) not allowed: -5")]
    [InlineData("* * *", "expected exactly 5 fields, found 3: [* * *]")]
    [InlineData("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]")]
    [InlineData("", "empty spec string")]
    [InlineData("@reboot", "unrecognized descriptor: @reboot")]
    [InlineData("@every soon", "failed to parse duration @every soon: \"soon\" is not a duration such as 90m or 1h30m")]
    [InlineData("TZ=UTC */5 * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")]
    [InlineData("CRON_TZ=UTC */5 * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")]
    public void A_refusal_names_the_part_and_the_reason(string schedule, string message)
    {
        Assert.False(CronSchedule.TryParse(schedule, out _, out var error));
        Assert.Equal(message, error);
    }

    [Fact]
    public void A_time_that_spring_skips_is_skipped_that_day()
    {
        // New York, 8 March 2026: 02:00 becomes 03:00.
        var next = CronSchedule.Parse("30 2 * * *").Next(Utc("2026-03-08T05:00:00Z"), Zone("America/New_York"));
        Assert.Equal(Utc("2026-03-09T06:30:00Z"), next);
    }

    [Fact]
    public void A_time_that_autumn_repeats_comes_twice()
    {
        // New York, 1 November 2026: 02:00 becomes 01:00.
        var schedule = CronSchedule.Parse("30 1 * * *");
        var first = schedule.Next(Utc("2026-11-01T04:00:00Z"), Zone("America/New_York"));
        Assert.Equal(Utc("2026-11-01T05:30:00Z"), first);
        var second = schedule.Next(first!.Value, Zone("America/New_York"));
        Assert.Equal(Utc("2026-11-01T06:30:00Z"), second);
        Assert.Equal(Utc("2026-11-02T06:30:00Z"), schedule.Next(second!.Value, Zone("America/New_York")));
    }

    [Fact]
    public void A_day_without_midnight_starts_when_the_clock_says_one()
    {
        // Santiago, 6 September 2026: 00:00 becomes 01:00.
        var zone = Zone("America/Santiago");
        Assert.Equal(Utc("2026-09-06T04:30:00Z"), CronSchedule.Parse("30 1 6 9 *").Next(Utc("2026-09-01T00:00:00Z"), zone));
        Assert.Equal(Utc("2026-09-07T03:00:00Z"), CronSchedule.Parse("0 0 6,7 9 *").Next(Utc("2026-09-05T12:00:00Z"), zone));
    }

    [Fact]
    public void Hours_step_through_a_repeated_hour_as_the_clock_does()
    {
        var times = Take(CronSchedule.Parse("0 * * * *"), Utc("2026-10-25T00:00:00Z").AddMinutes(-1), Zone("Europe/Berlin"), 3);
        Assert.Equal([Utc("2026-10-25T00:00:00Z"), Utc("2026-10-25T01:00:00Z"), Utc("2026-10-25T02:00:00Z")], times);
    }

    [Fact]
    public void It_agrees_with_another_implementation_where_the_rules_are_the_same()
    {
        // The oracle ANDs days, so at most one of them restricts here, and knows a seventh weekday, so open steps stay below it; UTC, since its DST
        // rules differ on purpose.
        var gen = Gen.Select(Field(0, 59), Field(0, 23), Field(1, 28), Field(1, 12), Field(0, 6).Where(field => field.IndexOf('/') <= 0 || field[0] == '*'), Gen.Bool, Gen.Long[0, 4_000_000_000]);
        gen.Sample((minute, hour, day, month, weekday, byWeekday, seconds) =>
        {
            var text = byWeekday ? $"{minute} {hour} * {month} {weekday}" : $"{minute} {hour} {day} {month} *";
            var after = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
            Assert.Equal(CronExpression.Parse(text).GetNextOccurrence(after, TimeZoneInfo.Utc), CronSchedule.Parse(text).Next(after, TimeZoneInfo.Utc));
        }, iter: 2_000);
    }

    [Fact]
    public void Every_time_shows_the_fields_on_the_local_clock_and_none_between_is_left_out()
    {
        // The plain definition: walk minute by minute and look at the clock.
        var zones = new[] { "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata" };
        Gen.Select(Gen.Int[0, zones.Length - 1].Select(i => zones[i]), Gen.Int[0, 59], Gen.Int[0, 4], Gen.Int[0, 365]).Sample((name, minute, hour, day) =>
        {
            var zone = Zone(name);
            var schedule = CronSchedule.Parse($"{minute} {hour} * * *");
            var after = Utc("2026-01-01T00:00:00Z").AddDays(day);
            var walked = after.AddMinutes(1);
            while (TimeZoneInfo.ConvertTime(walked, zone) is var local && (local.Hour != hour || local.Minute != minute)) walked = walked.AddMinutes(1);
            Assert.Equal(walked, schedule.Next(after, zone));
        }, iter: 300);
    }

    private static Gen<string> Field(int min, int max) => Gen.OneOf(
        Gen.Const("*"),
        Gen.Int[min, max].Select(number => number.ToString()),
        Gen.Select(Gen.Int[min, max], Gen.Int[min, max]).Select((a, b) => $"{Math.Min(a, b)}-{Math.Max(a, b)}"),
        Gen.Select(Gen.Int[min, max], Gen.Int[1, max - min]).Select((start, step) => $"{start}/{step}"),
        Gen.Int[1, max - min].Select(step => $"*/{step}"),
        Gen.Int[min, max].Array[1, 4].Select(numbers => string.Join(',', numbers)));

    private static List<DateTimeOffset> Take(CronSchedule schedule, DateTimeOffset after, TimeZoneInfo zone, int count)
    {
        var times = new List<DateTimeOffset>();
        while (times.Count < count) times.Add(schedule.Next(times.Count == 0 ? after : times[^1], zone)!.Value);
        return times;
    }

    private static TimeZoneInfo Zone(string name) => TimeZones.TryFind(name, out var zone) ? zone : throw new InvalidOperationException($"no zone data for {name}");

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
