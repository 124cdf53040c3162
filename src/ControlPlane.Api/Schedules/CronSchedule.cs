using System.Diagnostics.CodeAnalysis;

namespace ControlPlane.Api.Schedules;

/// <summary>When a cron job runs: five fields (minute, hour, day of month, month, day of week), a name such as <c>@hourly</c>, or <c>@every 90m</c>,
/// by the rules of Kubernetes' parser. Immutable.</summary>
/// <remarks>
/// Where both days restrict, either matches (<c>0 0 13 * 5</c>: every 13th and every Friday); <c>*</c>, <c>?</c> and <c>*/1</c> do not restrict, <c>*/2</c> does.
/// Local times follow the zone's clock: a time that a spring change skips is skipped that day; a time that an autumn change repeats comes twice.
/// </remarks>
public sealed class CronSchedule
{
    // A day like 29 February of a leap year comes within five years except around 2100; whatever is rarer does not come.
    private const int SearchYears = 5;

    private readonly CronField _minutes;
    private readonly CronField _hours;
    private readonly CronField _daysOfMonth;
    private readonly CronField _months;
    private readonly CronField _daysOfWeek;
    private readonly TimeSpan? _every;

    private CronSchedule(CronField minutes, CronField hours, CronField daysOfMonth, CronField months, CronField daysOfWeek)
    {
        (_minutes, _hours, _daysOfMonth, _months, _daysOfWeek) = (minutes, hours, daysOfMonth, months, daysOfWeek);
    }

    private CronSchedule(TimeSpan every) => _every = every;

    /// <exception cref="FormatException">Not a schedule; the message says which part and why, in Kubernetes' words.</exception>
    public static CronSchedule Parse(string text)
    {
        // Kubernetes refuses the letters anywhere: the prefixes of other crons would silently fight with spec.timeZone.
        if (text.Contains("TZ", StringComparison.Ordinal)) throw new FormatException("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        if (text.Length == 0) throw new FormatException("empty spec string");
        if (text[0] == '@') return ParseName(text);

        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5) throw new FormatException($"expected exactly 5 fields, found {fields.Length}: [{string.Join(' ', fields)}]");
        return new(
            CronField.Parse(fields[0], CronField.Minutes),
            CronField.Parse(fields[1], CronField.Hours),
            CronField.Parse(fields[2], CronField.DaysOfMonth),
            CronField.Parse(fields[3], CronField.Months),
            CronField.Parse(fields[4], CronField.DaysOfWeek));
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out CronSchedule? schedule, [NotNullWhen(false)] out string? error)
    {
        try
        {
            (schedule, error) = (Parse(text), null);
            return true;
        }
        catch (FormatException refused)
        {
            (schedule, error) = (null, refused.Message);
            return false;
        }
    }

    /// <summary>The first time strictly after <paramref name="after"/>, in UTC, or null when there is none within five years (30 February).</summary>
    /// <param name="zone">Whose clock the fields speak of; <see cref="TimeZoneInfo.Utc"/> when the cron job names none.</param>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        var start = after.UtcDateTime;
        if (_every is { } every) return new DateTimeOffset(start.AddTicks(-(start.Ticks % TimeSpan.TicksPerSecond)) + every, TimeSpan.Zero);

        var instant = start.AddTicks(TimeSpan.TicksPerMinute - start.Ticks % TimeSpan.TicksPerMinute);
        var yearLast = Local(instant, zone).Year + SearchYears;
        while (true)
        {
            var local = Local(instant, zone);
            if (local.Year > yearLast) return null;
            DateTime next;
            if (!_months.Has(local.Month)) next = FirstInstant(new DateTime(local.Year, local.Month, 1).AddMonths(1), zone);
            else if (!MatchesDay(local)) next = FirstInstant(local.Date.AddDays(1), zone);
            else if (!_hours.Has(local.Hour)) next = instant.AddMinutes(60 - local.Minute);
            else if (!_minutes.Has(local.Minute)) next = instant.AddMinutes(_minutes.NextAfter(local.Minute, otherwise: 60) - local.Minute);
            else return new DateTimeOffset(instant, TimeSpan.Zero);

            // Around a change of the clocks the next local day may map back; going on by an hour finds the way out.
            instant = next > instant ? next : instant.AddHours(1);
        }
    }

    private static CronSchedule ParseName(string text)
    {
        const string EveryPrefix = "@every ";
        if (text.StartsWith(EveryPrefix, StringComparison.Ordinal))
        {
            var duration = GoDuration.Parse(text[EveryPrefix.Length..], text);
            var wholeSeconds = TimeSpan.FromSeconds(Math.Floor(duration.TotalSeconds));
            return new(wholeSeconds < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wholeSeconds);
        }

        return text switch
        {
            "@yearly" or "@annually" => Parse("0 0 1 1 *"),
            "@monthly" => Parse("0 0 1 * *"),
            "@weekly" => Parse("0 0 * * 0"),
            "@daily" or "@midnight" => Parse("0 0 * * *"),
            "@hourly" => Parse("0 * * * *"),
            _ => throw new FormatException($"unrecognized descriptor: {text}"),
        };
    }

    private bool MatchesDay(DateTime local)
    {
        var isDayOfMonth = _daysOfMonth.Has(local.Day);
        var isDayOfWeek = _daysOfWeek.Has((int)local.DayOfWeek);
        return _daysOfMonth.IsEvery || _daysOfWeek.IsEvery ? isDayOfMonth && isDayOfWeek : isDayOfMonth || isDayOfWeek;
    }

    private static DateTime Local(DateTime instant, TimeZoneInfo zone) => instant + zone.GetUtcOffset(instant);

    // The first instant whose local time is not before the given one.
    private static DateTime FirstInstant(DateTime local, TimeZoneInfo zone)
    {
        TimeSpan offset;
        if (zone.IsAmbiguousTime(local)) offset = zone.GetAmbiguousTimeOffsets(local).Max();
        // Inside a gap: by the clock as it was before, which gives the moment of the change itself when the gap begins here.
        else if (zone.IsInvalidTime(local)) offset = zone.GetUtcOffset(local.AddDays(-1));
        else offset = zone.GetUtcOffset(local);
        return DateTime.SpecifyKind(local - offset, DateTimeKind.Utc);
    }
}
