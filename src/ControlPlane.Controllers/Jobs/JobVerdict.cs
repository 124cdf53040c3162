using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>That a Job has reached its end, how, and why. First told by an interim condition, while pods still end and are counted; then by the final one.</summary>
internal sealed record JobVerdict(bool IsSuccess, string Reason, string Message)
{
    public const string SuccessCriteriaMet = "SuccessCriteriaMet";
    public const string FailureTarget = "FailureTarget";

    public string InterimCondition => IsSuccess ? SuccessCriteriaMet : FailureTarget;

    public string FinalCondition => IsSuccess ? "Complete" : "Failed";

    public static readonly JobVerdict CompletionsReached = new(true, "CompletionsReached", "Reached expected number of succeeded pods");
    public static readonly JobVerdict BackoffLimitExceeded = new(false, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    public static readonly JobVerdict DeadlineExceeded = new(false, "DeadlineExceeded", "Job was active longer than specified deadline");
    public static readonly JobVerdict MaxFailedIndexesExceeded = new(false, "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
    public static readonly JobVerdict FailedIndexes = new(false, "FailedIndexes", "Job has failed indexes");

    /// <summary>What an earlier round decided: an end once told is never taken back.</summary>
    public static JobVerdict? FromStatus(JobStatus status)
    {
        if (status.Conditions.Find(FailureTarget) is { IsTrue: true } failure) return new(false, failure.Reason ?? "", failure.Message ?? "");
        if (status.Conditions.Find(SuccessCriteriaMet) is { IsTrue: true } success) return new(true, success.Reason ?? "", success.Message ?? "");
        return null;
    }

    /// <summary>Which rule of the success policy the completed indexes satisfy.</summary>
    public static JobVerdict? FromSuccessPolicy(SuccessPolicy? policy, IndexSet completed, int completions)
    {
        for (var index = 0; index < policy?.Rules.Length; index++)
        {
            var rule = policy.Rules[index];
            var wanted = rule.SucceededIndexes is { } text ? IndexSet.Parse(text, completions) : null;
            var count = wanted is null ? completed.Count : completed.CountIn(wanted);
            if (count >= (rule.SucceededCount ?? wanted?.Count ?? completions)) return new(true, "SuccessPolicy", $"Matched rules at index {index}");
        }

        return null;
    }
}
