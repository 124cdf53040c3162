using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>Starts a job at every time of a schedule.</summary>
public sealed record CronJob : IResource<CronJob>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("batch", "v1", "cronjobs");

    public static JsonTypeInfo<CronJob> TypeInfo { get; } = KindJson.TypeInfo<CronJob>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public CronJobSpec Spec { get; init => field = value ?? new(); } = new();

    public CronJobStatus Status { get; init => field = value ?? new(); } = new();
}

public sealed record CronJobSpec
{
    /// <summary>Five cron fields or a name such as <c>@hourly</c>.</summary>
    public string Schedule { get; init => field = value ?? ""; } = "";

    /// <summary>An IANA name; null: UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>A slot older than this is missed; null: no deadline.</summary>
    public long? StartingDeadlineSeconds { get; init; }

    /// <summary><c>Allow</c>, <c>Forbid</c> or <c>Replace</c>.</summary>
    public string? ConcurrencyPolicy { get; init; }

    public bool? Suspend { get; init; }

    public JobTemplate JobTemplate { get; init => field = value ?? JobTemplate.Empty; } = JobTemplate.Empty;

    public int? SuccessfulJobsHistoryLimit { get; init; }

    public int? FailedJobsHistoryLimit { get; init; }
}

public sealed record CronJobStatus
{
    public ImmutableArray<ObjectReference> Active { get; init => field = value.IsDefault ? [] : value; } = [];

    public DateTimeOffset? LastScheduleTime { get; init; }

    public DateTimeOffset? LastSuccessfulTime { get; init; }
}
