using ControlPlane.Api.Kinds;

namespace ControlPlane.Api.Control;

/// <summary>A controller as a pure function of what exists: read everything, decide everything, return a <see cref="Plan"/>. Level, never event.
/// The runtime carries the plan out with revision preconditions, retries with back-off, and calls again after every change.
/// Deletion is not a second method: it is a world with a <c>deletionTimestamp</c> in it.</summary>
public interface IReconciler<T> where T : class, IResource<T>
{
    /// <summary>What the reconciler reads, and which changes wake it.</summary>
    static abstract Interest Interest { get; }

    /// <summary>Decides. Must not keep state, wait, or look anywhere but at its arguments.</summary>
    Plan Reconcile(T resource, World world);
}
