using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Controllers.CronJobs;
using ControlPlane.Controllers.Events;
using ControlPlane.Controllers.Garbage;
using ControlPlane.Controllers.Jobs;
using ControlPlane.Controllers.Leases;
using ControlPlane.Controllers.Namespaces;
using ControlPlane.Controllers.Nodes;
using ControlPlane.Controllers.Pods;
using ControlPlane.Controllers.Runtime;
using ControlPlane.Controllers.ServiceAccounts;

namespace ControlPlane.Controllers;

/// <summary>The controllers every server has, one row each.</summary>
internal static class BuiltIns
{
    public static IEnumerable<IController> For(ControllerContext context, ControllerOptions options)
    {
        var kinds = ResourceRegistry.BuiltIn.All;
        var heartbeats = new Heartbeats(context);
        var absences = new NodeAbsences();
        return
        [
            // name                                     what it runs
            Of<Job, JobReconciler>("job-controller", new()),
            Of<Pod, OrphanRelease>("job-tracking-release", new()),
            Of<CronJob, CronJobReconciler>("cronjob-controller", new()),
            Of<Namespace, NamespaceDefaults>("serviceaccount-controller", new(options.CaCertificate)),
            new NamespaceDeletion(context, "namespace-controller", kinds),
            new GarbageCollector(context, "garbage-collector-controller", options.Workers, kinds),
            new SweepController(context, "node-controller", options.Nodes.SweepPeriod, [Node.Resource, Pod.Resource], world => NodeLifecycle.Sweep(world, options.Nodes, heartbeats.LastOf), wakes: Node.Resource),
            new SweepController(context, "pod-garbage-collector-controller", options.PodGarbageSweepPeriod, [Pod.Resource, Node.Resource], world => PodGarbage.Sweep(world, options, absences)),
            new SweepController(context, "event-expiry-controller", options.ExpirySweepPeriod, [Event.Resource], world => EventExpiry.Sweep(world, options.EventLifetime)),
            new SweepController(context, "lease-cleanup-controller", options.ExpirySweepPeriod, [Lease.Resource, Node.Resource], world => LeaseCleanup.Sweep(world, options.Nodes.OrphanLeaseLifetime)),
        ];

        IController Of<T, TReconciler>(string name, TReconciler reconciler) where T : class, IResource<T> where TReconciler : Api.Control.IReconciler<T> =>
            new ReconcilerController<T, TReconciler>(context, reconciler, name, options.Workers);
    }
}
