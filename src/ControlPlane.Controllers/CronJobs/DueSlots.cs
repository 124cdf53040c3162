using ControlPlane.Api.Kinds;
using ControlPlane.Api.Schedules;

namespace ControlPlane.Controllers.CronJobs;

/// <summary>The slots of a cron job that have come since the last one that was started.</summary>
/// <param name="Latest">The one to start; earlier ones are missed for good. Null: none is due.</param>
/// <param name="IsTooLate">It came longer ago than the starting deadline allows.</param>
/// <param name="HasManyMissed">More than a hundred came: a clock jumped, or nothing led for long.</param>
internal readonly record struct DueSlots(DateTimeOffset? Latest, bool IsTooLate, bool HasManyMissed)
{
    private const int MissedMax = 100;

    public static DueSlots Find(CronJob cronJob, CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset now)
    {
        var since = cronJob.Status.LastScheduleTime ?? cronJob.Metadata.CreationTimestamp;
        if (LatestIn(schedule, zone, since, now) is not { } latest) return default;

        var deadline = cronJob.Spec.StartingDeadlineSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        var isTooLate = deadline is { } limit && latest + limit < now;
        var countedFrom = deadline is { } window && now - window > since ? now - window : since;
        return new(latest, isTooLate, CountExceeds(schedule, zone, countedFrom, now));
    }

    // Looks back from now in doubling steps, so that a job suspended for a year is not walked through minute by minute.
    private static DateTimeOffset? LatestIn(CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset since, DateTimeOffset now)
    {
        for (var step = TimeSpan.FromMinutes(1); ; step *= 2)
        {
            var isAll = now - step <= since;
            var start = isAll ? since : now - step;
            DateTimeOffset? latest = null;
            for (var slot = schedule.Next(start, zone); slot <= now; slot = schedule.Next(slot.Value, zone)) latest = slot;
            if (latest is not null || isAll) return latest;
        }
    }

    private static bool CountExceeds(CronSchedule schedule, TimeZoneInfo zone, DateTimeOffset since, DateTimeOffset now)
    {
        var count = 0;
        for (var slot = schedule.Next(since, zone); slot <= now && count <= MissedMax; slot = schedule.Next(slot.Value, zone)) count++;
        return count > MissedMax;
    }
}
