namespace ControlPlane.Simulation.Checking;

/// <summary>A promise was broken.</summary>
internal sealed class BrokenPromiseException(string promise) : Exception(promise);

internal static class Promise
{
    public static void That(bool isKept, string promise)
    {
        if (!isKept) throw new BrokenPromiseException(promise);
    }

    /// <summary>Builds its sentence only when the promise was broken; for checks that run every step.</summary>
    public static void That<T>(bool isKept, T about, Func<T, string> promise)
    {
        if (!isKept) throw new BrokenPromiseException(promise(about));
    }
}
