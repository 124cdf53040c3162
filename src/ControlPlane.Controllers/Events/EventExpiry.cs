using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Events;

/// <summary>Deletes events that nobody repeated for their lifetime.</summary>
internal static class EventExpiry
{
    // One sweep must not fill the log: the rest is as old at the next.
    private const int DeletesMax = 1000;

    public static Plan Sweep(World world, TimeSpan lifetime)
    {
        var plan = new Plan();
        foreach (var old in world.All<Event>().Where(item => world.Now - LastOf(item) > lifetime).Take(DeletesMax)) plan.Delete(old);
        // A full sweep leaves some behind: go on soon.
        return plan.Steps.Count == DeletesMax ? plan.ReconcileAgain(TimeSpan.FromSeconds(1)) : plan;
    }

    private static DateTimeOffset LastOf(Event item) => item.LastTimestamp ?? item.EventTime ?? item.Metadata.CreationTimestamp;
}
