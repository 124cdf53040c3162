using System.Diagnostics;

namespace ControlPlane.Simulation.Mutants;

/// <summary>Runs another program to its end.</summary>
internal static class Tool
{
    /// <param name="patience">After it the program is killed; null waits for ever.</param>
    public static (int ExitCode, string Output, bool IsOverdue) Run(string program, IReadOnlyList<string> arguments, string directory, TimeSpan? patience = null)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (process.WaitForExit(patience ?? Timeout.InfiniteTimeSpan)) return (process.ExitCode, output.Result + errors.Result, false);
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        return (process.ExitCode, output.Result + errors.Result, true);
    }
}
