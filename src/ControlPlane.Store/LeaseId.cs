namespace ControlPlane.Store;

/// <summary>Names a store lease (a time-to-live shared by keys; not the Kubernetes Lease object). 0 is <see cref="None"/>.</summary>
public readonly record struct LeaseId(long Value)
{
    public static readonly LeaseId None = new(0);

    public override string ToString() => Value.ToString("x");
}
