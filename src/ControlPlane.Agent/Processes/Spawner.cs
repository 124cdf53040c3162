using System.Runtime.InteropServices;
using System.Text;

namespace ControlPlane.Agent.Processes;

/// <summary>One child to start.</summary>
/// <param name="Arguments">With the program first; its path has a slash.</param>
/// <param name="Environment">All of it: nothing of the agent's own is inherited.</param>
/// <param name="OutputPath">Standard output, appended; also descriptor 3.</param>
/// <param name="ErrorPath">Standard error, appended.</param>
internal sealed record SpawnRequest(
    IReadOnlyList<string> Arguments,
    IReadOnlyList<KeyValuePair<string, string>> Environment,
    string WorkingDirectory,
    string OutputPath,
    string ErrorPath);

/// <summary>Starts a process in a session of its own with posix_spawn: no shell, no inherited descriptors (.NET opens all with close-on-exec),
/// standard input from <c>/dev/null</c>, default signal dispositions (the runtime ignores SIGPIPE; a child must not).</summary>
internal static unsafe class Spawner
{
    // Both types are opaque and differ between C libraries; 336 bytes is the largest known.
    private const int OpaqueSizeBytes = 512;

    private const int SignalMax = 64;

    /// <summary>The child's pid.</summary>
    /// <exception cref="SpawnException">The kernel refused.</exception>
    public static int Start(SpawnRequest request)
    {
        var fileActions = stackalloc byte[OpaqueSizeBytes];
        var attributes = stackalloc byte[OpaqueSizeBytes];
        var signals = stackalloc byte[OpaqueSizeBytes];
        Check(Native.FileActionsInit(fileActions), "prepare file actions");
        Check(Native.AttributesInit(attributes), "prepare attributes");
        try
        {
            Check(Native.FileActionsAddOpen(fileActions, 0, "/dev/null", Native.OpenReadOnly, 0), "open /dev/null");
            const int append = Native.OpenWriteOnly | Native.OpenCreate | Native.OpenAppend;
            Check(Native.FileActionsAddOpen(fileActions, 1, request.OutputPath, append, 0x1a0 /* 0640 */), "open the log");
            Check(Native.FileActionsAddOpen(fileActions, 2, request.ErrorPath, append, 0x1a0), "open the error file");
            Check(Native.FileActionsAddDuplicate(fileActions, 1, 3), "duplicate the log");
            Check(Native.FileActionsAddChangeDirectory(fileActions, request.WorkingDirectory), "set the working directory");

            Check(Native.SignalSetEmpty(signals), "empty the signal set");
            Check(Native.AttributesSetSignalMask(attributes, signals), "set the signal mask");
            for (var signal = 1; signal <= SignalMax; signal++)
            {
                // Fails for the two signals the C library keeps for itself; they have default dispositions anyway.
                _ = Native.SignalSetAdd(signals, signal);
            }

            Check(Native.AttributesSetSignalDefault(attributes, signals), "set signal dispositions");
            Check(
                Native.AttributesSetFlags(attributes, Native.SpawnSetSession | Native.SpawnSetSignalDefault | Native.SpawnSetSignalMask),
                "set spawn flags");

            using var arguments = new StringVector(request.Arguments);
            using var environment = new StringVector([.. request.Environment.Select(pair => $"{pair.Key}={pair.Value}")]);
            Check(Native.Spawn(out var pid, request.Arguments[0], fileActions, attributes, arguments.Pointer, environment.Pointer), $"start {request.Arguments[0]}");
            return pid;
        }
        finally
        {
            _ = Native.AttributesDestroy(attributes);
            _ = Native.FileActionsDestroy(fileActions);
        }
    }

    private static void Check(int error, string what)
    {
        if (error != 0) throw new SpawnException(error, $"{what}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>A null-terminated array of null-terminated UTF-8 strings, as exec wants it.</summary>
    private sealed class StringVector : IDisposable
    {
        private readonly byte** _pointers;
        private readonly int _count;

        public StringVector(IReadOnlyList<string> values)
        {
            _count = values.Count;
            _pointers = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                var bytes = Encoding.UTF8.GetBytes(values[i]);
                _pointers[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
                bytes.CopyTo(new Span<byte>(_pointers[i], bytes.Length));
            }
        }

        public byte** Pointer => _pointers;

        public void Dispose()
        {
            for (var i = 0; i < _count; i++) NativeMemory.Free(_pointers[i]);
            NativeMemory.Free(_pointers);
        }
    }
}

/// <param name="error">The number of the C library's error.</param>
internal sealed class SpawnException(int error, string message) : Exception(message)
{
    public int Error => error;
}
