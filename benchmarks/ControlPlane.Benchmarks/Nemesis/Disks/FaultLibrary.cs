using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Nemesis.Disks;

/// <summary>Compiles <c>faults.c</c> where there is a C compiler.</summary>
internal static class FaultLibrary
{
    /// <returns>The library's path, or null when it cannot be made here; then the run goes without faults of disk and clock, and says so.</returns>
    public static async Task<string?> CompileAsync(string folder)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "Nemesis", "Disks", "faults.c");
        var library = Path.Combine(folder, "faults.so");
        try
        {
            var compiled = await BinaryProcess.RunAsync("cc", folder, null, ["-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"]);
            if (compiled.ExitCode == 0) return library;
            Console.WriteLine($"faults.c does not compile: {compiled.Error}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Console.WriteLine("no C compiler (cc) on the PATH");
        }

        return null;
    }
}
