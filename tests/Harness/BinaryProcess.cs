using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace ControlPlane.Harness;

/// <summary>The real binary as a child process: its output is kept, its death is noticed, and it never outlives the test.</summary>
public sealed partial class BinaryProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly List<(string Text, TaskCompletionSource<string> Line)> _waiters = [];

    private BinaryProcess(Process process) => _process = process;

    /// <summary>The binary that was built together with this program.</summary>
    public static string BinaryPath { get; } = Path.Combine(AppContext.BaseDirectory, "controlplane");

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Standard output and error so far, in order of arrival.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    public static BinaryProcess Start(string workingFolder, params IEnumerable<string> arguments) => Start(BinaryPath, workingFolder, null, arguments);

    public static BinaryProcess Start(string file, string workingFolder, IReadOnlyDictionary<string, string>? environment, IEnumerable<string> arguments)
    {
        var start = How(file, workingFolder, environment, arguments);
        var started = new BinaryProcess(new Process { StartInfo = start, EnableRaisingEvents = true });
        started._process.OutputDataReceived += (_, line) => started.Note(line.Data);
        started._process.ErrorDataReceived += (_, line) => started.Note(line.Data);
        started._process.Exited += (_, _) => started.NoteExit();
        started._process.Start();
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<Finished> RunAsync(string file, string workingFolder, IReadOnlyDictionary<string, string>? environment, IEnumerable<string> arguments, TimeSpan? deadline = null, string? input = null)
    {
        var start = How(file, workingFolder, environment, arguments);
        using var process = Process.Start(start)!;
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(deadline ?? TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{Path.GetFileName(file)} {string.Join(' ', start.ArgumentList)} did not end in time; it said:\n{await output}\n{await error}");
        }

        return new(process.ExitCode, await output, await error);
    }

    /// <summary>The first line that contains <paramref name="text"/>, past or to come.</summary>
    /// <exception cref="TimeoutException">It did not come, or the process ended; the message holds all output.</exception>
    public async Task<string> WaitForLineAsync(string text, TimeSpan deadline)
    {
        var waiter = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_output)
        {
            foreach (var line in _output.ToString().Split('\n'))
            {
                if (line.Contains(text)) return line;
            }

            _waiters.Add((text, waiter));
        }

        if (_process.HasExited) NoteExit();
        try
        {
            return await waiter.Task.WaitAsync(deadline);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"no line with \"{text}\" in {deadline.TotalSeconds} s; output so far:\n{Output}");
        }
    }

    /// <summary>Writes a line to standard input.</summary>
    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary><c>kill -9</c>: no chance to say goodbye.</summary>
    public void KillHard() => Signal(9);

    public void Interrupt() => Signal(2);

    public void Terminate() => Signal(15);

    public void Pause() => Signal(19);

    public void Resume() => Signal(18);

    public async Task<int> WaitForExitAsync(TimeSpan deadline)
    {
        using var limit = new CancellationTokenSource(deadline);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the process did not end in {deadline.TotalSeconds} s; output so far:\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes()
    {
        foreach (var line in File.ReadLines($"/proc/{_process.Id}/status"))
        {
            if (line.StartsWith("VmRSS:")) return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
        }

        return 0;
    }

    /// <summary>Processor time used so far.</summary>
    public TimeSpan ProcessorTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Terminate();
            try
            {
                await WaitForExitAsync(TimeSpan.FromSeconds(15));
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static ProcessStartInfo How(string file, string workingFolder, IReadOnlyDictionary<string, string>? environment, IEnumerable<string> arguments)
    {
        Directory.CreateDirectory(workingFolder);
        var start = new ProcessStartInfo(file)
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return start;
    }

    private void Note(string? line)
    {
        if (line is null) return;
        List<TaskCompletionSource<string>> reached;
        lock (_output)
        {
            _output.Append(line).Append('\n');
            reached = [.. _waiters.Where(waiter => line.Contains(waiter.Text)).Select(waiter => waiter.Line)];
            _waiters.RemoveAll(waiter => line.Contains(waiter.Text));
        }

        foreach (var waiter in reached) waiter.TrySetResult(line);
    }

    private void NoteExit()
    {
        _process.WaitForExit(); // Drains the output that is still on its way.
        List<TaskCompletionSource<string>> open;
        lock (_output)
        {
            open = [.. _waiters.Select(waiter => waiter.Line)];
            _waiters.Clear();
        }

        foreach (var waiter in open) waiter.TrySetException(new TimeoutException($"the process ended with {_process.ExitCode}; it said:\n{Output}"));
    }

    private void Signal(int number)
    {
        if (!_process.HasExited) _ = Kill(_process.Id, number);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>How a command ended.</summary>
public sealed record Finished(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
}
