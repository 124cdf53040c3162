using System.Collections.Concurrent;

namespace ControlPlane.Agent.Processes;

/// <summary>One thread that waits for the end of many processes, children or adopted ones. It waits on descriptors of exactly these processes, so it
/// never takes a child from the .NET runtime's own bookkeeping.</summary>
internal sealed unsafe class ProcessWatch : IDisposable
{
    // Where the kernel has no pidfd (before 5.3), processes are looked at this often.
    private const int PollWithoutPidfdMilliseconds = 50;

    private readonly ConcurrentQueue<Watched> _arrivals = new();
    private readonly Thread _thread;
    private readonly int _wakeRead;
    private readonly int _wakeWrite;
    private volatile bool _stopping;

    public ProcessWatch()
    {
        var ends = stackalloc int[2];
        if (Native.Pipe(ends) != 0) throw new IOException("create a wake-up pipe for the process watch");
        (_wakeRead, _wakeWrite) = (ends[0], ends[1]);
        const int setDescriptorFlags = 2, closeOnExec = 1;
        _ = Native.FileControl(_wakeRead, setDescriptorFlags, closeOnExec);
        _ = Native.FileControl(_wakeWrite, setDescriptorFlags, closeOnExec);
        _thread = new Thread(Run) { IsBackground = true, Name = "process-watch" };
        _thread.Start();
    }

    /// <summary>Calls <paramref name="ended"/> once, on the watch's thread, when the process has ended. The argument is the exit code of a child
    /// (128 + signal), null for a process that is not ours.</summary>
    /// <param name="isChild">Whether this process started it, and so must reap it.</param>
    public void Add(int pid, bool isChild, Action<int?> ended)
    {
        _arrivals.Enqueue(new Watched(pid, isChild, Native.PidfdOpen(pid), ended));
        Wake();
    }

    public void Dispose()
    {
        _stopping = true;
        Wake();
        _thread.Join();
        _ = Native.Close(_wakeRead);
        _ = Native.Close(_wakeWrite);
    }

    private void Wake()
    {
        byte one = 1;
        _ = Native.Write(_wakeWrite, &one, 1);
    }

    private void Run()
    {
        var watched = new List<Watched>();
        var buffer = stackalloc byte[64];
        while (!_stopping)
        {
            while (_arrivals.TryDequeue(out var arrival)) watched.Add(arrival);
            var descriptors = new Native.PollDescriptor[watched.Count + 1];
            descriptors[0] = new() { Descriptor = _wakeRead, Events = Native.PollIn };
            var hasBlind = false;
            for (var i = 0; i < watched.Count; i++)
            {
                descriptors[i + 1] = new() { Descriptor = watched[i].Pidfd, Events = Native.PollIn };
                hasBlind |= watched[i].Pidfd < 0;
            }

            fixed (Native.PollDescriptor* first = descriptors)
            {
                _ = Native.Poll(first, (ulong)descriptors.Length, hasBlind ? PollWithoutPidfdMilliseconds : -1);
            }

            if (descriptors[0].Returned != 0) _ = Native.Read(_wakeRead, buffer, 64);
            for (var i = watched.Count - 1; i >= 0; i--)
            {
                var one = watched[i];
                if (one.Pidfd >= 0 && descriptors[i + 1].Returned == 0) continue;
                if (!HasEnded(one, out var exitCode)) continue;
                watched.RemoveAt(i);
                if (one.Pidfd >= 0) _ = Native.Close(one.Pidfd);
                one.Ended(exitCode);
            }
        }

        foreach (var one in watched)
        {
            if (one.Pidfd >= 0) _ = Native.Close(one.Pidfd);
        }
    }

    private static bool HasEnded(Watched one, out int? exitCode)
    {
        exitCode = null;
        if (!one.IsChild) return Native.Kill(one.Pid, 0) != 0 || one.Pidfd >= 0;

        // siginfo_t: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status.
        var info = stackalloc int[32];
        info[4] = 0;
        if (Native.WaitId(Native.WaitByPid, one.Pid, info, Native.WaitExited | Native.WaitNoHang | Native.WaitLeaveZombie) != 0) return true;
        if (info[4] == 0) return false;
        const int exitedNormally = 1;
        exitCode = info[2] == exitedNormally ? info[6] : 128 + info[6];

        // What the program left behind in its group ends with it, as in a container. The zombie still holds the group's number, so it is nobody else's.
        _ = Native.Kill(-one.Pid, Native.SigKill);
        _ = Native.WaitId(Native.WaitByPid, one.Pid, info, Native.WaitExited | Native.WaitNoHang);
        return true;
    }

    private readonly record struct Watched(int Pid, bool IsChild, int Pidfd, Action<int?> Ended);
}
