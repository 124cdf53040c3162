using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Schedules;

namespace ControlPlane.Controllers.CronJobs;

/// <summary>Starts a Job at every slot of a schedule. The Job's name is the slot, so a slot runs at most once even when two leaders believe in it.</summary>
public sealed class CronJobReconciler : IReconciler<CronJob>
{
    private const string ScheduledAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp";

    public static Interest Interest => Interest.In<CronJob>().AndOwned<Job>();

    public Plan Reconcile(CronJob resource, World world)
    {
        var plan = new Plan();
        var jobs = world.OwnedBy<Job>(resource).ToList();
        var active = jobs.Where(job => !job.IsFinished && !job.Metadata.IsBeingDeleted).ToList();
        ForgetOld(plan, resource, jobs);
        var lastScheduled = resource.Metadata.IsBeingDeleted ? null : Start(plan, resource, active, world);
        plan.SetStatus(resource, resource with
        {
            Status = new()
            {
                Active = [.. active.Select(job => ReferenceTo(job, resource.Status.Active))],
                LastScheduleTime = lastScheduled ?? resource.Status.LastScheduleTime,
                LastSuccessfulTime = LastSuccess(resource, jobs),
            },
        });
        // After the status that forgets them, so that each end is told once.
        TellEnded(plan, resource, jobs);
        return plan;
    }

    // The slot that was started now, or null.
    private static DateTimeOffset? Start(Plan plan, CronJob cronJob, List<Job> active, World world)
    {
        if (cronJob.Spec.Suspend == true) return null;
        if (!TimeZones.TryFind(cronJob.Spec.TimeZone, out var zone))
        {
            plan.Event(cronJob, "Warning", "UnknownTimeZone", $"invalid timeZone: \"{cronJob.Spec.TimeZone}\": unknown time zone {cronJob.Spec.TimeZone}");
            return null;
        }

        if (!CronSchedule.TryParse(cronJob.Spec.Schedule, out var schedule, out var error))
        {
            plan.Event(cronJob, "Warning", "UnparseableSchedule", $"unparseable schedule: \"{cronJob.Spec.Schedule}\": {error}");
            return null;
        }

        if (schedule.Next(world.Now, zone) is { } next) plan.ReconcileAgain(next - world.Now);
        var slots = DueSlots.Find(cronJob, schedule, zone, world.Now);
        if (slots.HasManyMissed)
        {
            plan.Event(cronJob, "Warning", "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
        }

        if (slots.Latest is not { } slot) return null;
        if (slots.IsTooLate)
        {
            plan.Event(cronJob, "Warning", "MissSchedule", $"Missed scheduled time to start a job: {slot.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)}");
            return null;
        }

        var name = NameOf(cronJob, slot);
        if (world.Get<Job>(cronJob.Metadata.Namespace, name) is { } there)
        {
            // Started before, but the status that says so was not written: it is now.
            return there.Metadata.ControllerRef?.Uid == cronJob.Metadata.Uid ? slot : null;
        }

        if (active.Count > 0 && cronJob.Spec.ConcurrencyPolicy == "Forbid")
        {
            plan.Event(cronJob, "Normal", "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid");
            return null;
        }

        if (!world.MayCreate) return null;
        if (cronJob.Spec.ConcurrencyPolicy == "Replace") Replace(plan, cronJob, active);
        plan.Create(Job.Resource, Make(cronJob, name, slot, zone), Plan.Announcement(cronJob, "Normal", "SuccessfulCreate", $"Created job {name}"));
        return slot;
    }

    private static void Replace(Plan plan, CronJob cronJob, List<Job> active)
    {
        foreach (var job in active) Delete(plan, cronJob, job);
        active.Clear();
    }

    private static void Delete(Plan plan, CronJob cronJob, Job job) => plan
        .Delete(job, DeletePropagation.Background)
        .Event(cronJob, "Normal", "SuccessfulDelete", $"Deleted job {job.Metadata.Name}");

    /// <summary>The name of a slot's Job: the cron job's and the slot in minutes since 1970.</summary>
    internal static string NameOf(CronJob cronJob, DateTimeOffset slot) => $"{cronJob.Metadata.Name}-{(slot.ToUnixTimeSeconds() / 60).ToString(CultureInfo.InvariantCulture)}";

    private static JsonObject Make(CronJob cronJob, string name, DateTimeOffset slot, TimeZoneInfo zone)
    {
        var owner = new OwnerReference
        {
            ApiVersion = CronJob.Resource.Kind.ApiVersion,
            Kind = CronJob.Resource.Kind.Kind,
            Name = cronJob.Metadata.Name,
            Uid = cronJob.Metadata.Uid,
            Controller = true,
            BlockOwnerDeletion = true,
        };
        var document = cronJob.Spec.JobTemplate.ToJobDocument(cronJob.Metadata.Namespace!, name, owner);
        var metadata = document["metadata"]!.AsObject();
        if (metadata["annotations"] is not JsonObject annotations) metadata["annotations"] = annotations = [];
        var local = TimeZoneInfo.ConvertTime(slot, zone);
        annotations[ScheduledAnnotation] = local.Offset == TimeSpan.Zero ? TimeConverter.Format(local) : local.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
        return document;
    }

    private static void ForgetOld(Plan plan, CronJob cronJob, List<Job> jobs)
    {
        var finished = jobs.Where(job => job.IsFinished && !job.Metadata.IsBeingDeleted).OrderByDescending(StartOf).ThenByDescending(job => job.Metadata.Name, StringComparer.Ordinal).ToList();
        foreach (var job in finished.Where(job => job.IsComplete).Skip(cronJob.Spec.SuccessfulJobsHistoryLimit ?? 3)) Delete(plan, cronJob, job);
        foreach (var job in finished.Where(job => job.IsFailed).Skip(cronJob.Spec.FailedJobsHistoryLimit ?? 1)) Delete(plan, cronJob, job);
    }

    private static void TellEnded(Plan plan, CronJob cronJob, List<Job> jobs)
    {
        foreach (var reference in cronJob.Status.Active)
        {
            var job = jobs.Find(job => job.Metadata.Uid == reference.Uid);
            if (job is null) plan.Event(cronJob, "Normal", "MissingJob", $"Active job went missing: {reference.Name}");
            else if (job.IsFinished) plan.Event(cronJob, "Normal", "SawCompletedJob", $"Saw completed job: {job.Metadata.Name}, condition: {(job.IsComplete ? "Complete" : "Failed")}");
        }
    }

    private static DateTimeOffset? LastSuccess(CronJob cronJob, List<Job> jobs)
    {
        var last = cronJob.Status.LastSuccessfulTime;
        foreach (var job in jobs)
        {
            if (job.IsComplete && job.Status.CompletionTime is { } time && !(last >= time)) last = time;
        }

        return last;
    }

    // A reference keeps the resourceVersion it was made with: following every change of the Job would be a write for each.
    private static ObjectReference ReferenceTo(Job job, ImmutableArray<ObjectReference> known)
    {
        foreach (var reference in known)
        {
            if (reference.Uid == job.Metadata.Uid) return reference;
        }

        return new()
        {
            Kind = Job.Resource.Kind.Kind,
            Namespace = job.Metadata.Namespace,
            Name = job.Metadata.Name,
            Uid = job.Metadata.Uid,
            ApiVersion = Job.Resource.Kind.ApiVersion,
            ResourceVersion = job.Metadata.ResourceVersion,
        };
    }

    private static DateTimeOffset StartOf(Job job) => job.Status.StartTime ?? job.Metadata.CreationTimestamp;
}
