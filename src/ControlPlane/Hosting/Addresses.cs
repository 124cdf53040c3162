using System.Net;
using ControlPlane.Commands;

namespace ControlPlane.Hosting;

/// <summary><c>host:port</c> as flags spell it.</summary>
internal static class Addresses
{
    /// <exception cref="UsageException">Not an address to listen on; the message names the flag and shows one that is.</exception>
    public static IPEndPoint ToListen(string text, string flag)
    {
        var (host, port) = Split(text, flag);
        if (host is "localhost") return new(IPAddress.Loopback, port);
        if (host is "" or "*") return new(IPAddress.Any, port);
        return IPAddress.TryParse(host, out var address)
            ? new(address, port)
            : throw new UsageException($"{flag} {text}: \"{host}\" is not an address of this machine; listen on an IP address such as 127.0.0.1:{port} or 0.0.0.0:{port}");
    }

    private static (string Host, int Port) Split(string text, string flag)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(text[(colon + 1)..], out var port) || port is < 0 or > 65535)
        {
            throw new UsageException($"{flag} {text}: expected HOST:PORT with a port of 0 to 65535, such as 127.0.0.1:6443");
        }

        return (text[..colon].Trim('[', ']'), port);
    }
}
