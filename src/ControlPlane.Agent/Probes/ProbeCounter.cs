using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Probes;

/// <summary>Turns single results into a verdict: so many successes in a row, or so many failures. Pure.</summary>
internal sealed class ProbeCounter(Probe probe)
{
    private int _successes;
    private int _failures;

    /// <summary>Counts one result; answers true or false when the verdict is reached, null while it is open.</summary>
    public bool? Count(bool isSuccess)
    {
        (_successes, _failures) = isSuccess ? (_successes + 1, 0) : (0, _failures + 1);
        if (_successes >= Math.Max(1, probe.SuccessThreshold ?? 1)) return true;
        return _failures >= Math.Max(1, probe.FailureThreshold ?? 3) ? false : null;
    }
}
