using ControlPlane.Replica;

namespace ControlPlane.Etcd.Hosting;

/// <summary>Where the members' faces are reached. A member knows its own only.</summary>
internal sealed class ClientUrls(IReplicatedStore store, string peerScheme)
{
    /// <summary>How etcd's clients are told that members speak TLS, or do not, among each other.</summary>
    public string PeerScheme => peerScheme;

    /// <summary>Set once the face listens.</summary>
    public IReadOnlyList<string> Own { get; set; } = [];

    public IReadOnlyList<string> Of(MemberId member) => member == store.Leadership.Self ? Own : [];
}
