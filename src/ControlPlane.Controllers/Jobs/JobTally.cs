using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>A Job's pods, counted exactly. A finished pod goes through three states: tracked (its finalizer keeps it in the store), uncounted (its
/// uid stands in the status, so its finalizer may go), counted (its finalizer is gone, so its uid may turn into a number). Whoever
/// crashes between two of them finds the pod where it was left.</summary>
internal sealed class JobTally
{
    // Bounds the status object; the rest of a larger wave comes with the next round.
    private const int UncountedMax = 500;

    private readonly Job _job;
    private readonly IReadOnlyList<Pod> _pods;
    private readonly List<string> _uncountedSucceeded = [];
    private readonly List<string> _uncountedFailed = [];

    private JobTally(Job job, IReadOnlyList<Pod> pods, bool countsTerminating)
    {
        _job = job;
        _pods = pods;
        Active = [.. pods.Where(pod => pod.IsAlive)];
        Terminating = [.. pods.Where(pod => pod.Metadata.IsBeingDeleted && !pod.IsFinished)];
        CountedSucceeded = job.Status.Succeeded;
        CountedFailed = job.Status.Failed;
        Settle();
        Take(countsTerminating);
        CountIndexes(countsTerminating);
    }

    public static JobTally Of(Job job, IReadOnlyList<Pod> pods, bool countsTerminating) => new(job, pods, countsTerminating);

    /// <summary>Neither finished nor being deleted.</summary>
    public IReadOnlyList<Pod> Active { get; }

    /// <summary>Being deleted, not finished.</summary>
    public IReadOnlyList<Pod> Terminating { get; }

    /// <summary><c>status.succeeded</c> after this round.</summary>
    public int CountedSucceeded { get; private set; }

    /// <summary><c>status.failed</c> after this round.</summary>
    public int CountedFailed { get; private set; }

    /// <summary>Successes to decide by: counted and not.</summary>
    public int Succeeded => CountedSucceeded + _uncountedSucceeded.Count;

    /// <summary>Failures to decide by: counted and not.</summary>
    public int Failed => CountedFailed + _uncountedFailed.Count;

    /// <summary>Indexes that succeeded; empty for a Job that is not indexed.</summary>
    public IndexSet Completed { get; private set; } = IndexSet.Empty;

    /// <summary>Indexes that failed for good; empty unless failures are counted by index.</summary>
    public IndexSet FailedIndexes { get; private set; } = IndexSet.Empty;

    /// <summary>Each index's failed pod with the most failures behind it; it must stay until its successor carries the count on.</summary>
    public IReadOnlyDictionary<int, Pod> LastFailedOfIndex { get; private set; } = new Dictionary<int, Pod>();

    public bool IsAllCounted => _uncountedSucceeded.Count == 0 && _uncountedFailed.Count == 0;

    public UncountedTerminatedPods Uncounted => new() { Succeeded = [.. _uncountedSucceeded], Failed = [.. _uncountedFailed] };

    /// <summary>Whether the failure policy says the pod's failure does not count.</summary>
    public bool IsIgnored(Pod pod) => PodFailureRules.Judge(_job.Spec.PodFailurePolicy, pod).Action == "Ignore";

    /// <summary>Counts pods that are being ended as failed, whatever they say of themselves.</summary>
    public void CountAsFailed(IEnumerable<Pod> pods)
    {
        foreach (var pod in pods)
        {
            if (JobPods.IsTracked(pod) && !_uncountedFailed.Contains(pod.Metadata.Uid)) _uncountedFailed.Add(pod.Metadata.Uid);
        }
    }

    /// <summary>The tracked pods whose finalizer may go once this round's status is written.</summary>
    /// <param name="isEnding">Whether the Job has reached its end: what ended without counting goes too.</param>
    public IEnumerable<Pod> Releasable(bool isEnding)
    {
        var uncounted = new HashSet<string>(_uncountedSucceeded.Concat(_uncountedFailed));
        foreach (var pod in _pods)
        {
            if (!JobPods.IsTracked(pod)) continue;
            if (!isEnding && CarriesCount(pod)) continue;
            if (uncounted.Contains(pod.Metadata.Uid) || IsUncountable(pod, isEnding)) yield return pod;
        }
    }

    private bool IsUncountable(Pod pod, bool isEnding) => pod.Status.Phase switch
    {
        // An indexed success is counted by its index, one without a valid index not at all.
        "Succeeded" => _job.Spec.IsIndexed,
        "Failed" => IsIgnored(pod),
        _ => isEnding && pod.Metadata.IsBeingDeleted,
    };

    private bool CarriesCount(Pod pod) =>
        JobPods.IndexOf(pod) is { } index
        && LastFailedOfIndex.TryGetValue(index, out var last) && last.Metadata.Uid == pod.Metadata.Uid
        && !FailedIndexes.Contains(index) && !Completed.Contains(index)
        && !_pods.Any(other => JobPods.IndexOf(other) == index && Attempt(other) > Attempt(pod));

    private void Settle()
    {
        var tracked = new HashSet<string>(_pods.Where(JobPods.IsTracked).Select(pod => pod.Metadata.Uid));
        foreach (var uid in _job.Status.UncountedTerminatedPods?.Succeeded ?? [])
        {
            if (tracked.Contains(uid)) _uncountedSucceeded.Add(uid);
            else CountedSucceeded++;
        }

        foreach (var uid in _job.Status.UncountedTerminatedPods?.Failed ?? [])
        {
            if (tracked.Contains(uid)) _uncountedFailed.Add(uid);
            else CountedFailed++;
        }
    }

    private void Take(bool countsTerminating)
    {
        var known = new HashSet<string>(_uncountedSucceeded.Concat(_uncountedFailed));
        foreach (var pod in _pods)
        {
            if (known.Count >= UncountedMax) return;
            if (!JobPods.IsTracked(pod) || known.Contains(pod.Metadata.Uid)) continue;
            if (pod.Status.Phase == "Succeeded")
            {
                if (_job.Spec.IsIndexed) continue;
                _uncountedSucceeded.Add(pod.Metadata.Uid);
            }
            else if (HasFailed(pod, countsTerminating) && !IsIgnored(pod))
            {
                _uncountedFailed.Add(pod.Metadata.Uid);
            }
            else
            {
                continue;
            }

            known.Add(pod.Metadata.Uid);
        }
    }

    private void CountIndexes(bool countsTerminating)
    {
        if (!_job.Spec.IsIndexed) return;
        var completions = _job.Spec.Completions ?? 0;
        var succeeded = _pods.Where(pod => JobPods.IsTracked(pod) && pod.Status.Phase == "Succeeded").Select(JobPods.IndexOf);
        Completed = IndexSet.Parse(_job.Status.CompletedIndexes, completions).Union(IndexSet.From(succeeded.OfType<int>(), completions));
        CountedSucceeded = Completed.Count;
        if (_job.Spec.BackoffLimitPerIndex is not { } limit) return;

        var failed = _pods.Where(pod => HasFailed(pod, countsTerminating) && JobPods.IndexOf(pod) is not null).ToList();
        var lost = failed.Where(pod => JobPods.IsTracked(pod) && IsLast(pod, limit)).Select(JobPods.IndexOf);
        FailedIndexes = IndexSet.Parse(_job.Status.FailedIndexes, completions).Union(IndexSet.From(lost.OfType<int>(), completions));
        LastFailedOfIndex = failed.GroupBy(pod => JobPods.IndexOf(pod)!.Value).ToDictionary(group => group.Key, group => group.MaxBy(Attempt)!);
    }

    private bool IsLast(Pod pod, int limit) => PodFailureRules.Judge(_job.Spec.PodFailurePolicy, pod).Action switch
    {
        "FailIndex" => true,
        "Ignore" => false,
        _ => JobPods.FailureCountOf(pod) >= limit,
    };

    private static int Attempt(Pod pod) => JobPods.FailureCountOf(pod) + JobPods.IgnoredFailureCountOf(pod);

    private static bool HasFailed(Pod pod, bool countsTerminating) =>
        pod.Status.Phase == "Failed" || countsTerminating && pod.Metadata.IsBeingDeleted && pod.Status.Phase != "Succeeded";
}
