using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Pods;

/// <summary>A pod's containers as the agent counts them: init containers first.</summary>
internal static class PodSpecContainers
{
    public static Container ContainerAt(this PodSpec spec, int index) =>
        index < spec.InitContainers.Length ? spec.InitContainers[index] : spec.Containers[index - spec.InitContainers.Length];

    /// <summary>The index of a container, or -1.</summary>
    public static int IndexOf(this PodSpec spec, string name)
    {
        for (var index = 0; index < spec.InitContainers.Length + spec.Containers.Length; index++)
        {
            if (spec.ContainerAt(index).Name == name) return index;
        }

        return -1;
    }
}
