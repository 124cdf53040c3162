namespace ControlPlane.Etcd.Client;

/// <summary>How calls to etcd are limited.</summary>
internal static class Calls
{
    /// <summary>By the machine's clock, as gRPC counts deadlines, whatever clock the store was given.</summary>
    public static DateTime Deadline(TimeSpan timeout) => TimeProvider.System.GetUtcNow().UtcDateTime + timeout;
}
