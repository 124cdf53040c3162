using System.Runtime.InteropServices;

namespace ControlPlane.Hosting;

/// <summary>Ctrl-C and SIGTERM: the first asks to stop in order, the second ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    // 128 + SIGINT, what a shell expects of an interrupted program.
    private const int InterruptedExitCode = 130;

    private readonly CancellationTokenSource _asked = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly TextWriter _error;
    private int _count;

    public StopSignals(TextWriter error)
    {
        _error = error;
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }) _registrations.Add(PosixSignalRegistration.Create(signal, Receive));
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Asked => _asked.Token;

    public bool WasInterrupted { get; private set; }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _asked.Dispose();
    }

    private void Receive(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) > 1) Environment.Exit(InterruptedExitCode);
        WasInterrupted = context.Signal == PosixSignal.SIGINT;
        _error.WriteLine("Stopping (again to stop at once) …");
        _asked.Cancel();
    }
}
