using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Schedules;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class CronJobRules() : KindRules(hasStatus: true, hasGeneration: true)
{
    // A job's name is the cron job's plus "-" and ten digits, and must stay a label value of 63.
    private const int NameLengthMax = 52;

    public override void Default(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        spec.DefaultText("concurrencyPolicy", "Allow");
        spec.Default("suspend", false);
        if (spec.Object("jobTemplate") is { } template) JobSpecDefaults.ApplyToTemplates(template.ObjectOrNew("spec"));
        spec.Default("successfulJobsHistoryLimit", 3);
        spec.Default("failedJobsHistoryLimit", 1);
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        var name = document.Text("metadata", "name") ?? "";
        if (name.Length > NameLengthMax) errors.Invalid("metadata.name", $"\"{name}\"", $"must be no more than {NameLengthMax} characters");
        var spec = document.Object("spec") ?? [];
        CheckSchedule(spec, errors);
        CheckTimeZone(spec, errors);
        Checks.NotNegative(spec, "startingDeadlineSeconds", "spec", errors);
        if (!spec.TryGetText(out _, "concurrencyPolicy")) errors.Required("spec.concurrencyPolicy");
        else Checks.OneOf(spec, "concurrencyPolicy", "spec", errors, "Allow", "Forbid", "Replace");
        Checks.NotNegative(spec, "successfulJobsHistoryLimit", "spec", errors);
        Checks.NotNegative(spec, "failedJobsHistoryLimit", "spec", errors);
        CheckTemplate(spec, errors);
    }

    public override void Warn(JsonObject document, ICollection<string> warnings)
    {
        if (document.Object("spec", "jobTemplate", "spec", "template", "spec") is { } spec) PodSpecWarnings.Add(spec, "spec.jobTemplate.spec.template.spec", warnings);
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now)
    {
        var template = document.At("spec", "jobTemplate", "spec", "template", "spec");
        return
        [
            Cell.Name(document),
            document.Text("spec", "schedule") ?? "",
            Cell.OrNone(document.Text("spec", "timeZone")),
            document.Flag("spec", "suspend") == true ? "True" : "False",
            document.Count("status", "active"),
            document.TryGetTime(out _, "status", "lastScheduleTime") ? Cell.Since(document, now, "status", "lastScheduleTime") : Cell.None,
            Cell.Age(document, now),
            Cell.ContainerNames(template),
            Cell.Images(template),
            Cell.Selector(document.At("spec", "jobTemplate", "spec", "selector")),
        ];
    }

    private static void CheckSchedule(JsonObject spec, FieldErrors errors)
    {
        if (!spec.TryGetText(out var schedule, "schedule")) errors.Required("spec.schedule");
        else if (!CronSchedule.TryParse(schedule, out _, out var problem)) errors.Invalid("spec.schedule", Fields.Show(spec["schedule"]), problem);
    }

    private static void CheckTimeZone(JsonObject spec, FieldErrors errors)
    {
        if (spec.Text("timeZone") is not { } name) return;
        if (name.Length == 0)
        {
            errors.Invalid("spec.timeZone", "\"\"", "timeZone must be nil or non-empty string");
        }
        else if (name.Equals("Local", StringComparison.OrdinalIgnoreCase))
        {
            errors.Invalid("spec.timeZone", $"\"{name}\"", "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        }
        else if (!TimeZones.TryFind(name, out _))
        {
            errors.Invalid("spec.timeZone", $"\"{name}\"", $"unknown time zone {name}");
        }
    }

    private static void CheckTemplate(JsonObject spec, FieldErrors errors)
    {
        if (spec.Object("jobTemplate", "spec") is not { } job)
        {
            errors.Required("spec.jobTemplate.spec.template.spec.containers");
            return;
        }

        JobSpecValidation.Validate(job, "spec.jobTemplate.spec", errors);
        // Every job needs a selector of its own.
        if (job.Flag("manualSelector") == true) errors.NotSupported("spec.jobTemplate.spec.manualSelector", "true", "nil", "false");
        if (job.Has("selector")) errors.Invalid("spec.jobTemplate.spec.selector", Fields.Show(job["selector"]), "`selector` will be auto-generated");
    }
}
