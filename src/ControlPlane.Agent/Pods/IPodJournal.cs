using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Pods;

/// <summary>Tells people what happens to pods. Never waits and never fails.</summary>
internal interface IPodJournal
{
    /// <summary>A fact that is about to be folded into a pod's state.</summary>
    void Note(Pod pod, PodInput input);

    void Killing(Pod pod, string container);

    /// <summary>Told once a pod: its image has no effect here.</summary>
    void ImageIgnored(Pod pod);
}

/// <summary>For simulated pods: thirty thousand of them would only fill the store with events.</summary>
internal sealed class SilentJournal : IPodJournal
{
    public void Note(Pod pod, PodInput input)
    {
    }

    public void Killing(Pod pod, string container)
    {
    }

    public void ImageIgnored(Pod pod)
    {
    }
}
