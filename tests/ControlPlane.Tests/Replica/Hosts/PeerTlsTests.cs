using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Replica;

namespace ControlPlane.Tests.Replica.Hosts;

/// <summary>Members prove to each other that they are servers of the same authority.</summary>
public sealed class PeerTlsTests
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    [Fact]
    public async Task Members_of_one_authority_form_a_group()
    {
        using var authority = Authority();
        var tls = new PeerTls(Issue(authority, ServerAuthentication, ClientAuthentication), [authority]);
        await using var group = await HostGroup.StartAsync(3, options => options with { Tls = tls });
        var follower = (await group.LeaderAsync() + 1) % 3;
        await group.PutCommittedAsync(follower, "a", "1");
    }

    [Fact]
    public async Task Neither_another_authority_nor_a_users_certificate_lets_a_member_in()
    {
        using var authority = Authority();
        using var stranger = Authority();
        PeerTls[] proofs =
        [
            new(Issue(authority, ServerAuthentication, ClientAuthentication), [authority]),
            new(Issue(stranger, ServerAuthentication, ClientAuthentication), [authority]),
            new(Issue(authority, ClientAuthentication), [authority]),
        ];
        await using var group = await HostGroup.StartAsync(3, options => options with
        {
            Tls = proofs[int.Parse(options.Name[1..])],
            RequestTimeout = TimeSpan.FromSeconds(1),
        });
        // Nobody trusts anybody else, so that no majority comes together.
        Assert.IsType<ProposalOutcome.NotLeader>(await group.PutAsync(0, "a", "1"));
        Assert.All(Enumerable.Range(0, 3), index => Assert.Null(group[index].Leadership.Leader));
    }

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, params string[] usages)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=member", key, HashAlgorithmName.SHA256);
        var purposes = new OidCollection();
        foreach (var usage in usages) purposes.Add(new Oid(usage));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, false));
        using var issued = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }
}
