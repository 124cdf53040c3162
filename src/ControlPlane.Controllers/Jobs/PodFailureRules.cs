using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>What <c>spec.podFailurePolicy</c> says about a failed pod: the first rule that matches decides; none means <c>Count</c>.</summary>
internal static class PodFailureRules
{
    /// <summary>The action for a failed pod, and why.</summary>
    public static (string Action, string Reason) Judge(PodFailurePolicy? policy, Pod pod)
    {
        if (policy is null || pod.Status.Phase != "Failed") return ("Count", "");
        for (var index = 0; index < policy.Rules.Length; index++)
        {
            var rule = policy.Rules[index];
            if (rule.OnExitCodes is { } codes)
            {
                if (FindContainer(codes, pod) is not var (container, exitCode)) continue;
                return (rule.Action, $"Container {container} for pod {pod.Metadata.Namespace}/{pod.Metadata.Name} failed with exit code {exitCode} matching {rule.Action} rule at index {index}");
            }

            if (FindCondition(rule, pod) is { } condition)
            {
                return (rule.Action, $"Pod {pod.Metadata.Namespace}/{pod.Metadata.Name} has condition {condition} matching {rule.Action} rule at index {index}");
            }
        }

        return ("Count", "");
    }

    private static (string Name, int ExitCode)? FindContainer(OnExitCodes codes, Pod pod)
    {
        foreach (var status in pod.Status.ContainerStatuses.Concat(pod.Status.InitContainerStatuses))
        {
            if (codes.ContainerName is { Length: > 0 } name && status.Name != name) continue;
            // Success is no failure to judge, whatever NotIn would say of it.
            if (status.State.Terminated is not { ExitCode: not 0 } terminated) continue;
            if (codes.Values.Contains(terminated.ExitCode) == (codes.Operator == "In")) return (status.Name, terminated.ExitCode);
        }

        return null;
    }

    private static string? FindCondition(PodFailurePolicyRule rule, Pod pod)
    {
        foreach (var pattern in rule.OnPodConditions)
        {
            if (pod.Status.Conditions.Find(pattern.Type) is { } condition && condition.Status == (pattern.Status ?? "True")) return condition.Type;
        }

        return null;
    }
}
