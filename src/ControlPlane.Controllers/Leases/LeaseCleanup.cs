using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Leases;

/// <summary>Deletes the leases of nodes that are gone. A lease may be there before its node: only one that was not renewed for long is deleted.</summary>
internal static class LeaseCleanup
{
    public static Plan Sweep(World world, TimeSpan silenceMax)
    {
        var plan = new Plan();
        foreach (var lease in world.All<Lease>(NodeLeases.Namespace))
        {
            var renewed = lease.Spec.RenewTime ?? lease.Metadata.CreationTimestamp;
            if (world.Now - renewed > silenceMax && world.Get<Node>(null, lease.Metadata.Name) is null) plan.Delete(lease);
        }

        return plan;
    }
}
