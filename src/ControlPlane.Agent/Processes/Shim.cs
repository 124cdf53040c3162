using System.Globalization;

namespace ControlPlane.Agent.Processes;

/// <summary>The small shell between the agent and a container's program. It exists for one reason: the agent may end and come back, and only a
/// parent learns an exit code. The shim is that parent; it writes the code to a file, so a Job that finished while the agent was being upgraded
/// counts as finished. It leads the session, survives the signals that are sent to the group, and adds nothing to the program's environment.
/// <code>
/// &lt;attempt&gt;.pid    the shim's pid, decimal, newline: written before the program starts
/// &lt;attempt&gt;.exit   the exit code (128 + signal for a signal), decimal, newline: written after the program ended
/// &lt;attempt&gt;.err    what the shell itself had to say, such as "Exec format error"
/// &lt;attempt&gt;.log    the program's output, raw
/// </code></summary>
internal static class Shim
{
    public const string Shell = "/bin/sh";

    // Handlers, not ignores: handlers are reset when the program is executed, ignored signals would stay ignored in it.
    // The program runs in the foreground of the script, so that the shell waits for it whatever signal arrives.
    // Descriptor 3 is the log: the program's errors go there, the shell's own remarks ("Terminated") do not. Hence the subshell: a shell that
    // redirected for the command itself would still be redirected when it remarks.
    private const string Script =
        """
        trap : HUP INT QUIT USR1 USR2 PIPE ALRM TERM
        umask 022
        echo $$ >"$0.pid"
        (exec "$@" 2>&3 3>&-)
        code=$?
        echo $code >"$0.exit"
        exit $code
        """;

    // Runs inside the new mount namespace; every triple is source, target, "ro" or "rw". The program follows "--".
    private const string MountScript =
        """
        path=$PATH; PATH=/usr/sbin:/usr/bin:/sbin:/bin
        while [ "$1" != -- ]; do
          if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "${2%/*}"; [ -e "$2" ] || : >"$2"; fi &&
          mount --bind "$1" "$2" || exit 126
          if [ "$3" = ro ]; then mount -o remount,bind,ro "$2" || exit 126; fi
          shift 3
        done
        shift
        PATH=$path
        exec "$@" 2>&3 3>&-
        """;

    /// <summary>Where util-linux's unshare lies, or null.</summary>
    public static string? UnsharePath { get; } = new[] { "/usr/bin/unshare", "/bin/unshare" }.FirstOrDefault(File.Exists);

    /// <summary>The argument vector that runs a program under the shim.</summary>
    /// <param name="stem">The path of the attempt's files without extension; it is unique for ever, and so the identity of the process (<see cref="IsAt"/>).</param>
    /// <param name="program">Absolute path first: a bare name could be one of the shell's own commands.</param>
    /// <param name="mounts">What the program sees elsewhere than it lies; needs root and util-linux.</param>
    public static List<string> Arguments(string stem, IReadOnlyList<string> program, IReadOnlyList<BindMount> mounts)
    {
        Invariant.That(program[0].Contains('/'));
        List<string> arguments = [Shell, "-c", Script, stem];
        if (mounts.Count > 0)
        {
            // The inner shell's own errors must not reach the log: its standard error is the shim's, and the program's is descriptor 3.
            arguments[2] = Script.Replace("(exec \"$@\" 2>&3 3>&-)", "\"$@\"", StringComparison.Ordinal);
            arguments.AddRange([UnsharePath ?? throw new InvalidOperationException("mounts without unshare"), "--mount", Shell, "-c", MountScript, "mounts"]);
            foreach (var mount in mounts) arguments.AddRange([mount.Source, mount.Target, mount.IsReadOnly ? "ro" : "rw"]);
            arguments.Add("--");
        }

        arguments.AddRange(program);
        return arguments;
    }

    /// <summary>The pid the shim wrote, or null when it has not started.</summary>
    public static int? ReadPid(string stem) => ReadNumber(stem + ".pid");

    /// <summary>The exit code the shim wrote, or null when the program has not ended, or the shim was killed first.</summary>
    public static int? ReadExitCode(string stem) => ReadNumber(stem + ".exit");

    /// <summary>Whether the process of that pid is this attempt's shim: pids are used again, the path in its command line is not.</summary>
    public static bool IsAt(int pid, string stem)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/cmdline").Split('\0').Contains(stem);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static int? ReadNumber(string path)
    {
        if (!File.Exists(path)) return null;
        var text = File.ReadAllText(path);

        // Without its newline the number may be cut.
        return text.EndsWith('\n') && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}

/// <param name="Source">On the machine, absolute.</param>
/// <param name="Target">As the program sees it, absolute.</param>
internal sealed record BindMount(string Source, string Target, bool IsReadOnly);
