using System.Security.Cryptography.X509Certificates;

namespace ControlPlane.Etcd.Client;

/// <summary>How to know an etcd served with TLS, and be known by it.</summary>
/// <param name="Authorities">Who may have signed etcd's certificate; empty: whom this machine trusts.</param>
/// <param name="Certificate">Shown to etcd, with its private key; null: none.</param>
public sealed record EtcdCredentials(X509Certificate2Collection Authorities, X509Certificate2? Certificate);
