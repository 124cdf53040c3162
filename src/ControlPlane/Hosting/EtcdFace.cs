using System.Net;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Etcd.Hosting;
using ControlPlane.Replica;
using ControlPlane.Security;
using Microsoft.AspNetCore.Connections;

namespace ControlPlane.Hosting;

/// <summary>Serves a server's store to etcd's clients, as <c>--etcd-listen</c> and <c>--etcd-tls</c> say.</summary>
internal static class EtcdFace
{
    /// <exception cref="CommandException">The port is taken.</exception>
    public static async Task<EtcdHost> StartAsync(ServerSettings settings, ClusterIdentity identity, ReplicaHost store, ConsoleLog log, CancellationToken cancellationToken)
    {
        var listen = settings.EtcdListen!;
        if (!settings.HasEtcdTls && !IPAddress.IsLoopback(listen.Address))
        {
            log.Write($"warning: whoever reaches {listen} reads and writes everything in the store, Secrets too: serve etcd's clients on loopback, or with --etcd-tls true");
        }

        try
        {
            return await EtcdHost.StartAsync(
                new EtcdHostOptions
                {
                    Listen = listen,
                    HasSecurePeers = true,
                    PublishesUrls = true,
                    Tls = settings.HasEtcdTls ? new EtcdTls(identity.Server.ToCertificate(), certificate => IsAdministrator(certificate, identity.Authority)) : null,
                },
                store,
                store,
                cancellationToken);
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException || taken.Message.Contains("in use"))
        {
            throw new CommandException($"cannot serve etcd's clients on {listen}: another program uses that port. Choose another --etcd-listen (port 0 is any free port), or stop the other one.");
        }
    }

    // An agent's certificate is of the same authority; what it may do, the API decides object by object. Here, all or nothing.
    private static bool IsAdministrator(X509Certificate2 certificate, X509Certificate2 authority)
    {
        if (!certificate.SubjectName.EnumerateRelativeDistinguishedNames().Any(name => name.GetSingleElementType().Value == "2.5.4.10" && name.GetSingleElementValue() == "system:masters")) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new("1.3.6.1.5.5.7.3.2"));
        return chain.Build(certificate);
    }
}
