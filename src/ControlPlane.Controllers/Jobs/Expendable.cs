using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>Orders pods by how little is lost when they go: unbound before bound, pending before running, not ready before ready, young before old.</summary>
internal sealed class Expendable : IComparer<Pod>
{
    public static readonly Expendable First = new();

    public int Compare(Pod? left, Pod? right)
    {
        Invariant.That(left is not null && right is not null);
        var order = left.IsBound.CompareTo(right.IsBound);
        if (order == 0) order = (left.Status.Phase == "Running").CompareTo(right.Status.Phase == "Running");
        if (order == 0) order = left.IsReady.CompareTo(right.IsReady);
        if (order == 0) order = right.Metadata.CreationTimestamp.CompareTo(left.Metadata.CreationTimestamp);
        return order != 0 ? order : string.CompareOrdinal(right.Metadata.Name, left.Metadata.Name);
    }
}
