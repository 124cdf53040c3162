using System.Buffers.Binary;
using System.Net.Sockets;

namespace ControlPlane.Replica.Peers;

/// <summary>How long a connection may stay open without a sign of life from the other machine. A peer that vanishes without closing its connections is else
/// kept for the quarter of an hour that the kernel's own patience lasts.</summary>
internal static class SocketPatience
{
    private const int IdleSeconds = 5;
    private const int ProbeSeconds = 1;
    private const int ProbeCount = 5;

    // Linux: how long sent bytes may stay without an acknowledgement (tcp(7), TCP_USER_TIMEOUT).
    private const int TcpLevel = 6;
    private const int UserTimeoutOption = 18;
    private const int UserTimeoutMilliseconds = 10_000;

    public static void Apply(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ProbeCount);
        if (!OperatingSystem.IsLinux()) return;
        Span<byte> timeout = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(timeout, UserTimeoutMilliseconds);
        socket.SetRawSocketOption(TcpLevel, UserTimeoutOption, timeout);
    }
}
