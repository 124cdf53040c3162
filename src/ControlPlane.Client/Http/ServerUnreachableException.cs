namespace ControlPlane.Client.Http;

/// <summary>No server answered, or the one that was asked went away. Whether a write happened is then unknown, unless <see cref="WasSent"/> is false.</summary>
public sealed class ServerUnreachableException(string message, bool wasSent, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>False: no server has seen the request.</summary>
    public bool WasSent => wasSent;
}
