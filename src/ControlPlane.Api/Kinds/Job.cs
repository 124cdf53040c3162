using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>Runs pods until enough of them succeeded.</summary>
public sealed record Job : IResource<Job>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("batch", "v1", "jobs");

    public static JsonTypeInfo<Job> TypeInfo { get; } = KindJson.TypeInfo<Job>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public JobSpec Spec { get; init => field = value ?? new(); } = new();

    public JobStatus Status { get; init => field = value ?? new(); } = new();

    [JsonIgnore]
    public bool IsComplete => Status.Conditions.IsTrue("Complete");

    [JsonIgnore]
    public bool IsFailed => Status.Conditions.IsTrue("Failed");

    [JsonIgnore]
    public bool IsFinished => IsComplete || IsFailed;
}

public sealed record JobSpec
{
    /// <summary>Pods at once; null is one.</summary>
    public int? Parallelism { get; init; }

    /// <summary>Successes wanted; null: one success ends it all.</summary>
    public int? Completions { get; init; }

    public long? ActiveDeadlineSeconds { get; init; }

    public PodFailurePolicy? PodFailurePolicy { get; init; }

    public SuccessPolicy? SuccessPolicy { get; init; }

    public int? BackoffLimit { get; init; }

    public int? BackoffLimitPerIndex { get; init; }

    public int? MaxFailedIndexes { get; init; }

    public LabelSelectorSpec? Selector { get; init; }

    public bool? ManualSelector { get; init; }

    public PodTemplate Template { get; init => field = value ?? PodTemplate.Empty; } = PodTemplate.Empty;

    public int? TtlSecondsAfterFinished { get; init; }

    /// <summary><c>NonIndexed</c> or <c>Indexed</c>.</summary>
    public string? CompletionMode { get; init; }

    public bool? Suspend { get; init; }

    /// <summary><c>TerminatingOrFailed</c> or <c>Failed</c>.</summary>
    public string? PodReplacementPolicy { get; init; }

    /// <summary>Set: another controller's job.</summary>
    public string? ManagedBy { get; init; }

    [JsonIgnore]
    public bool IsIndexed => CompletionMode == "Indexed";
}

public sealed record PodFailurePolicy
{
    public ImmutableArray<PodFailurePolicyRule> Rules { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record PodFailurePolicyRule
{
    /// <summary><c>FailJob</c>, <c>FailIndex</c>, <c>Ignore</c> or <c>Count</c>.</summary>
    public string Action { get; init => field = value ?? ""; } = "";

    public OnExitCodes? OnExitCodes { get; init; }

    public ImmutableArray<OnPodCondition> OnPodConditions { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record OnExitCodes
{
    /// <summary>Null: any container.</summary>
    public string? ContainerName { get; init; }

    /// <summary><c>In</c> or <c>NotIn</c>.</summary>
    public string Operator { get; init => field = value ?? ""; } = "";

    public ImmutableArray<int> Values { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record OnPodCondition(string Type = "", string? Status = null);

public sealed record SuccessPolicy
{
    public ImmutableArray<SuccessPolicyRule> Rules { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="SucceededIndexes">Such as <c>0,2-4</c>; null: all.</param>
/// <param name="SucceededCount">How many of them; null: every one.</param>
public sealed record SuccessPolicyRule(string? SucceededIndexes = null, int? SucceededCount = null);

public sealed record JobStatus
{
    public ImmutableArray<Condition> Conditions { get; init => field = value.IsDefault ? [] : value; } = [];

    public DateTimeOffset? StartTime { get; init; }

    public DateTimeOffset? CompletionTime { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Active { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Succeeded { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Failed { get; init; }

    public int? Terminating { get; init; }

    /// <summary>Such as <c>0,2-4</c>.</summary>
    public string? CompletedIndexes { get; init; }

    public string? FailedIndexes { get; init; }

    public UncountedTerminatedPods? UncountedTerminatedPods { get; init; }

    public int? Ready { get; init; }
}

public sealed record UncountedTerminatedPods
{
    public ImmutableArray<string> Succeeded { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<string> Failed { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>A job to be, as a cron job carries it: whole, with the view beside it.</summary>
[JsonConverter(typeof(JobTemplateConverter))]
public sealed record JobTemplate
{
    private JobTemplate(JsonElement raw, JobTemplateBody body)
    {
        Raw = raw;
        Metadata = body.Metadata;
        Spec = body.Spec;
    }

    /// <summary>An empty template.</summary>
    public static JobTemplate Empty { get; } = From(JsonElement.Parse("{}"u8));

    /// <summary>The template as it stands in the document.</summary>
    public JsonElement Raw { get; }

    public ObjectMeta Metadata { get; }

    public JobSpec Spec { get; }

    /// <param name="raw">A <c>JobTemplateSpec</c>; must outlive the template.</param>
    public static JobTemplate From(JsonElement raw) =>
        new(raw, raw.Deserialize(KindJson.TypeInfo<JobTemplateBody>()) ?? throw new JsonException("a job template is an object"));

    /// <summary>A job document made from the template: its labels, annotations, finalizers and spec, with a name and an owner.</summary>
    public JsonObject ToJobDocument(string @namespace, string name, OwnerReference? owner) => new()
    {
        ["apiVersion"] = "batch/v1",
        ["kind"] = "Job",
        ["metadata"] = TemplateMetadata.For(Raw, @namespace, name, owner),
        ["spec"] = Raw.TryGetProperty("spec", out var spec) ? JsonObject.Create(spec)!.DeepClone() : new JsonObject(),
    };

    public bool Equals(JobTemplate? other) => other is not null && JsonElement.DeepEquals(Raw, other.Raw);

    public override int GetHashCode() => Spec.Template.GetHashCode();
}

/// <summary>The typed half of a job template.</summary>
internal sealed record JobTemplateBody
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public JobSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>Reads a template whole, writes it as it was.</summary>
public sealed class JobTemplateConverter : JsonConverter<JobTemplate>
{
    public override JobTemplate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JobTemplate.From(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, JobTemplate value, JsonSerializerOptions options) => value.Raw.WriteTo(writer);
}
