using System.Globalization;

namespace ControlPlane.Benchmarks.Nemesis.Network;

/// <summary>Which process is at the other end of a loopback connection. The peers' traffic is encrypted and says nothing to us, but the kernel knows:
/// <c>/proc/net/tcp</c> names the inode of the socket with that port, and <c>/proc/PID/fd</c> its owner.</summary>
internal static class Diallers
{
    private const int LocalColumn = 1;
    private const int RemoteColumn = 2;
    private const int InodeColumn = 9;

    /// <param name="dialledPort">Where the connection was accepted.</param>
    /// <param name="sourcePort">Where it came from.</param>
    /// <param name="processes">Those who may be asked about.</param>
    /// <returns>The owner, or null when it is gone already or none of <paramref name="processes"/>.</returns>
    public static int? OwnerOf(int dialledPort, int sourcePort, IEnumerable<int> processes)
    {
        if (InodeOf(dialledPort, sourcePort) is not { } inode) return null;
        var link = $"socket:[{inode}]";
        foreach (var process in processes)
        {
            if (Holds(process, link)) return process;
        }

        return null;
    }

    private static string? InodeOf(int dialledPort, int sourcePort)
    {
        foreach (var table in new[] { "/proc/net/tcp", "/proc/net/tcp6" })
        {
            if (!File.Exists(table)) continue;
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (PortOf(columns[LocalColumn]) == sourcePort && PortOf(columns[RemoteColumn]) == dialledPort) return columns[InodeColumn];
            }
        }

        return null;
    }

    private static int PortOf(string address) => int.Parse(address.AsSpan(address.IndexOf(':') + 1), NumberStyles.HexNumber);

    private static bool Holds(int process, string link)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Any(path => new FileInfo(path).LinkTarget == link);
        }
        catch (IOException)
        {
            return false; // It ended while we looked.
        }
    }
}
