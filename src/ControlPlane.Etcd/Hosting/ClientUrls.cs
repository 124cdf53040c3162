using System.Text;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Etcd.Hosting;

/// <summary>Where the members' faces are reached. Each tells its own to the others through the store, one key a member, one URL a line.</summary>
internal sealed class ClientUrls(IReplicatedStore store, string peerScheme, TimeProvider time)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>How etcd's clients are told that members speak TLS, or do not, among each other.</summary>
    public string PeerScheme => peerScheme;

    /// <summary>Set once the face listens.</summary>
    public IReadOnlyList<string> Own { get; set; } = [];

    public IReadOnlyList<string> Of(MemberId member)
    {
        if (member == store.Leadership.Self) return Own;
        return store.Latest.Get(KeyOf(member).Span) is { } record ? Encoding.UTF8.GetString(record.Value.Span).Split('\n') : [];
    }

    /// <summary>Completes when the store holds this member's URLs. Waits for a leader as long as it takes.</summary>
    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        var key = KeyOf(store.Leadership.Self);
        var value = Encoding.UTF8.GetBytes(string.Join('\n', Own));
        while (true)
        {
            try
            {
                var present = (await store.ReadAsync(cancellationToken)).Get(key.Span);
                if (present is not null && present.Value.Span.SequenceEqual(value)) return;
                if (await store.ProposeAsync(Transaction.PutIf(key, present?.Modified ?? Revision.Zero, value), cancellationToken) is ProposalOutcome.Committed) continue;
            }
            catch (StoreUnavailableException)
            {
                // Nobody leads yet.
            }

            await Task.Delay(RetryDelay, time, cancellationToken);
        }
    }

    // Beside the cluster's objects, and none of them: the API serves no resource of this name.
    private static ReadOnlyMemory<byte> KeyOf(MemberId member) => Encoding.UTF8.GetBytes($"/registry/controlplane.dev/etcdmembers/{member}");
}
