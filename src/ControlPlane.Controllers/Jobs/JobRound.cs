using System.Collections.Immutable;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>One look at a Job that has not finished: count, judge, then end it, pause it, or see that the right number of pods run.</summary>
/// <remarks>The steps stand in the order that is safe to be cut anywhere: pods first, then the status that tells of them, then the finalizers
/// that the status makes dispensable, then the events.</remarks>
internal sealed class JobRound
{
    // A Job of ten thousand pods shares the server with others: the rest comes with the next round.
    private const int CreatesMax = 500;

    private readonly Job _job;
    private readonly World _world;
    private readonly IReadOnlyList<Pod> _pods;
    private readonly JobTally _tally;
    private readonly Plan _plan = new();
    private readonly List<Pod> _removed = [];
    private readonly bool _replacesOnlyFailed;
    private ImmutableArray<Condition> _conditions;
    private DateTimeOffset? _startTime;
    private int _createdCount;

    public JobRound(Job job, IReadOnlyList<Pod> pods, World world)
    {
        _job = job;
        _pods = pods;
        _world = world;
        _conditions = job.Status.Conditions;
        _startTime = job.Status.StartTime;
        _replacesOnlyFailed = job.Spec.PodReplacementPolicy == "Failed";
        var decided = JobVerdict.FromStatus(job.Status);
        _tally = JobTally.Of(job, pods, countsTerminating: decided is null ? !_replacesOnlyFailed : !decided.IsSuccess);
    }

    private JobSpec Spec => _job.Spec;

    private bool IsSuspended => Spec.Suspend == true;

    public Plan Decide()
    {
        var hasResumed = !IsSuspended && _conditions.IsTrue("Suspended");
        if (!IsSuspended && (_startTime is null || hasResumed)) _startTime = _world.Now;

        var verdict = JobVerdict.FromStatus(_job.Status) ?? JudgeFailure() ?? JudgeSuccess();
        if (verdict is not null) End(verdict);
        else if (IsSuspended) RemoveReleased(_tally.Active);
        else Staff();

        var isFinal = verdict is not null && IsSettled;
        if (verdict is not null) Tell(verdict, isFinal);
        else TellSuspension(hasResumed);

        WriteStatus(isFinal && verdict!.IsSuccess);
        // A pod deleted just now has another resourceVersion than the one we know: its finalizer goes with the next round.
        foreach (var pod in Without(_tally.Releasable(isEnding: verdict is not null), _removed)) JobReconciler.Release(_plan, pod);
        foreach (var pod in _removed) _plan.Event(_job, "Normal", "SuccessfulDelete", $"Deleted pod: {pod.Metadata.Name}");
        if (isFinal) Announce(verdict!);
        else if (verdict is null) AnnounceSuspension(hasResumed);
        return _plan;
    }

    /// <summary>Nothing runs, nothing ends, nothing waits to be counted.</summary>
    private bool IsSettled => _tally.Active.Count == 0 && _tally.Terminating.Count == 0 && _tally.IsAllCounted && !_pods.Any(JobPods.IsTracked);

    private JobVerdict? JudgeFailure()
    {
        foreach (var pod in _pods)
        {
            if (PodFailureRules.Judge(Spec.PodFailurePolicy, pod) is ("FailJob", var reason)) return new(false, "PodFailurePolicy", reason);
        }

        var backoffLimit = Spec.BackoffLimit ?? 6;
        if (_tally.Failed > backoffLimit || HasRestartedTooOften(backoffLimit)) return JobVerdict.BackoffLimitExceeded;
        if (!IsSuspended && Spec.ActiveDeadlineSeconds is { } seconds && _startTime is { } start)
        {
            var left = start + TimeSpan.FromSeconds(seconds) - _world.Now;
            if (left <= TimeSpan.Zero) return JobVerdict.DeadlineExceeded;
            _plan.ReconcileAgain(left);
        }

        return _tally.FailedIndexes.Count > Spec.MaxFailedIndexes ? JobVerdict.MaxFailedIndexesExceeded : null;
    }

    // Pods that restart in place do not fail, but their restarts are failures all the same.
    private bool HasRestartedTooOften(int backoffLimit)
    {
        if (Spec.Template.Spec.RestartPolicy != "OnFailure") return false;
        var restarts = 0;
        foreach (var pod in _tally.Active)
        {
            foreach (var status in pod.Status.InitContainerStatuses) restarts += status.RestartCount;
            foreach (var status in pod.Status.ContainerStatuses) restarts += status.RestartCount;
        }

        return backoffLimit == 0 ? restarts > 0 : restarts >= backoffLimit;
    }

    private JobVerdict? JudgeSuccess()
    {
        if (Spec.IsIndexed && JobVerdict.FromSuccessPolicy(Spec.SuccessPolicy, _tally.Completed, Spec.Completions ?? 0) is { } met) return met;
        // Without a number of completions the pods agree among themselves: one success says the work is done, and the others end by themselves.
        if (Spec.Completions is not { } completions) return _tally.Succeeded > 0 && _tally.Active.Count == 0 ? JobVerdict.CompletionsReached : null;
        if (_tally.Succeeded >= completions) return JobVerdict.CompletionsReached;
        return _tally.FailedIndexes.Count > 0 && _tally.FailedIndexes.Count + _tally.Completed.Count >= completions ? JobVerdict.FailedIndexes : null;
    }

    private void End(JobVerdict verdict)
    {
        foreach (var pod in _tally.Active) Remove(pod);
        if (!verdict.IsSuccess) _tally.CountAsFailed(_tally.Active.Concat(_tally.Terminating));
    }

    private void Staff()
    {
        var surplus = Spec.IsIndexed ? SurplusIndexed() : [];
        var active = Without(_tally.Active, surplus).ToList();
        var wanted = WantedActive(active.Count);
        surplus.AddRange(active.OrderBy(pod => pod, Expendable.First).Take(Math.Max(0, active.Count - wanted)));
        RemoveReleased(surplus);

        var missing = wanted - active.Count - (_replacesOnlyFailed ? _tally.Terminating.Count : 0);
        if (missing <= 0 || !_world.MayCreate) return;
        missing = Math.Min(missing, CreatesMax);
        if (Spec.IsIndexed)
        {
            CreateIndexed(missing);
            return;
        }

        if (IsBackingOff()) return;
        foreach (var name in PodNames.For(_job.Metadata.Name, _job.Metadata.Uid, null).Free(_pods.Select(pod => pod.Metadata.Name)).Take(missing)) Create(name, null);
    }

    private int WantedActive(int active)
    {
        var parallelism = Spec.Parallelism ?? 1;
        // After the first success of a work queue no new pods, and those that run may finish.
        if (Spec.Completions is not { } completions) return _tally.Succeeded > 0 ? Math.Min(active, parallelism) : parallelism;
        return Math.Max(0, Math.Min(completions - _tally.Succeeded - _tally.FailedIndexes.Count, parallelism));
    }

    // Pods whose index is done, lost, not wanted any more, or held by an older pod.
    private List<Pod> SurplusIndexed()
    {
        var held = new HashSet<int>();
        var surplus = new List<Pod>();
        foreach (var pod in _tally.Active.OrderBy(pod => pod.Metadata.CreationTimestamp).ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal))
        {
            var isWanted = JobPods.IndexOf(pod) is { } index && index < Spec.Completions && !_tally.Completed.Contains(index) && !_tally.FailedIndexes.Contains(index) && held.Add(index);
            if (!isWanted) surplus.Add(pod);
        }

        return surplus;
    }

    private void CreateIndexed(int missing)
    {
        var busy = _tally.Active.Concat(_replacesOnlyFailed ? _tally.Terminating : []).Select(JobPods.IndexOf).OfType<int>().ToHashSet();
        var namesOfIndex = _pods.ToLookup(pod => JobPods.IndexOf(pod) ?? -1, pod => pod.Metadata.Name);
        if (Spec.BackoffLimitPerIndex is null && IsBackingOff()) return;
        for (var index = 0; index < Spec.Completions && missing > 0; index++)
        {
            if (busy.Contains(index) || _tally.Completed.Contains(index) || _tally.FailedIndexes.Contains(index)) continue;
            var predecessor = _tally.LastFailedOfIndex.GetValueOrDefault(index);
            if (IsBackingOff(predecessor)) continue;
            Create(PodNames.For(_job.Metadata.Name, _job.Metadata.Uid, index).Free(namesOfIndex[index]).First(), index, predecessor);
            missing--;
        }
    }

    private bool IsBackingOff()
    {
        var left = JobBackoff.Remaining(_pods.Where(pod => pod.IsFinished), _world.Now);
        if (left > TimeSpan.Zero) _plan.ReconcileAgain(left);
        return left > TimeSpan.Zero;
    }

    private bool IsBackingOff(Pod? predecessor)
    {
        if (predecessor is null) return false;
        var failures = JobPods.FailureCountOf(predecessor) + JobPods.IgnoredFailureCountOf(predecessor) + 1;
        var left = JobBackoff.Remaining(failures, JobBackoff.FinishedAt(predecessor), _world.Now);
        if (left > TimeSpan.Zero) _plan.ReconcileAgain(left);
        return left > TimeSpan.Zero;
    }

    private void Create(string name, int? index, Pod? predecessor = null)
    {
        var document = JobPods.Make(_job, name, index, predecessor, predecessor is not null && _tally.IsIgnored(predecessor));
        _plan.Create(Pod.Resource, document, Plan.Announcement(_job, "Normal", "SuccessfulCreate", $"Created pod: {name}"));
        _createdCount++;
    }

    private void Remove(Pod pod)
    {
        _plan.Delete(pod);
        _removed.Add(pod);
    }

    // Not wanted rather than failed: they are let go before they are deleted, so that nobody counts them.
    private void RemoveReleased(IReadOnlyList<Pod> pods)
    {
        foreach (var pod in pods.Where(JobPods.IsTracked)) JobReconciler.Release(_plan, pod);
        foreach (var pod in pods) Remove(pod);
    }

    private static IEnumerable<Pod> Without(IEnumerable<Pod> pods, IReadOnlyCollection<Pod> others)
    {
        // By uid: two views are equal only when every field is, which is slow to find out.
        var uids = others.Select(pod => pod.Metadata.Uid).ToHashSet();
        return pods.Where(pod => !uids.Contains(pod.Metadata.Uid));
    }

    private void Tell(JobVerdict verdict, bool isFinal)
    {
        Set(verdict.InterimCondition, "True", verdict.Reason, verdict.Message);
        if (isFinal) Set(verdict.FinalCondition, "True", verdict.Reason, verdict.Message);
    }

    private void TellSuspension(bool hasResumed)
    {
        if (IsSuspended) Set("Suspended", "True", "JobSuspended", "Job suspended");
        else if (hasResumed) Set("Suspended", "False", "JobResumed", "Job resumed");
    }

    private void Set(string type, string status, string reason, string message)
    {
        if (_conditions.Find(type)?.Status == status) return;
        _conditions = _conditions.Set(new()
        {
            Type = type,
            Status = status,
            LastProbeTime = _world.Now,
            LastTransitionTime = _world.Now,
            Reason = reason,
            Message = message,
        });
    }

    private void WriteStatus(bool isComplete)
    {
        var staying = Without(_tally.Active, _removed).ToList();
        var completed = _tally.Completed.ToString();
        _plan.SetStatus(_job, _job with
        {
            Status = _job.Status with
            {
                Conditions = _conditions,
                StartTime = _startTime,
                CompletionTime = isComplete ? _world.Now : _job.Status.CompletionTime,
                Active = staying.Count + _createdCount,
                Ready = staying.Count(pod => pod.IsReady),
                Terminating = _tally.Terminating.Count + _removed.Count,
                Succeeded = _tally.CountedSucceeded,
                Failed = _tally.CountedFailed,
                UncountedTerminatedPods = _tally.Uncounted,
                CompletedIndexes = completed.Length == 0 ? null : completed,
                FailedIndexes = Spec.BackoffLimitPerIndex is null ? null : _tally.FailedIndexes.ToString(),
            },
        });
    }

    private void Announce(JobVerdict verdict)
    {
        if (verdict.IsSuccess) _plan.Event(_job, "Normal", "Completed", "Job completed");
        else _plan.Event(_job, "Warning", verdict.Reason, verdict.Message);
    }

    private void AnnounceSuspension(bool hasResumed)
    {
        if (IsSuspended && !_job.Status.Conditions.IsTrue("Suspended")) _plan.Event(_job, "Normal", "Suspended", "Job suspended");
        else if (hasResumed) _plan.Event(_job, "Normal", "Resumed", "Job resumed");
    }
}
