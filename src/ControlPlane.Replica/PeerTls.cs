using System.Security.Cryptography.X509Certificates;

namespace ControlPlane.Replica;

/// <summary>How members prove to each other who they are.</summary>
/// <param name="Certificate">This member's certificate with its private key; for use as server and as client.</param>
/// <param name="Authorities">Who may have issued a peer's certificate; nobody else is trusted.</param>
/// <remarks>A peer's certificate must also be one for servers (extended key usage), because agents and users hold certificates of the same authority.
/// Names in certificates are not compared with addresses: whoever holds a server's key is a server.</remarks>
public sealed record PeerTls(X509Certificate2 Certificate, X509Certificate2Collection Authorities);
