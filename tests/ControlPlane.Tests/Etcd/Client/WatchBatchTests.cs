using System.Collections.Immutable;
using System.Text;
using ControlPlane.Etcd.Client;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Google.Protobuf;

namespace ControlPlane.Tests.Etcd.Client;

/// <summary>How the responses of a watch become revisions, and a batch becomes calls.</summary>
public sealed class WatchBatchTests
{
    private static readonly KeyLayout Layout = new("/controlplane/");

    private readonly Mirror _mirror = new(Layout);

    public WatchBatchTests() => _mirror.Load(new Revision(10), []);

    [Fact]
    public void A_revision_that_is_cut_into_fragments_is_adopted_whole()
    {
        var batch = new WatchBatch(_mirror);
        batch.Take(Response(12, isFragment: true, Put("a", 11), Put("b", 12)));
        Assert.Equal(new Revision(10), _mirror.Revision);
        batch.Take(Response(12, isFragment: false, Put("c", 12)));
        Assert.Equal(new Revision(12), _mirror.Revision);
        Assert.Equal(3, _mirror.View.Value.KeyCount);
    }

    [Fact]
    public void The_header_of_events_does_not_say_how_far_the_watch_is_and_progress_does()
    {
        var batch = new WatchBatch(_mirror);
        batch.Take(Response(50, isFragment: false, Put("a", 11)));
        Assert.Equal(new Revision(11), _mirror.Revision);
        batch.Take(Response(50, isFragment: false));
        Assert.Equal(new Revision(50), _mirror.Revision);
        Assert.Equal(1, _mirror.View.Value.At(new Revision(30))!.KeyCount);
        Assert.Equal(0, _mirror.View.Value.At(new Revision(10))!.KeyCount);
    }

    [Fact]
    public void Events_that_are_known_already_are_passed_over()
    {
        var batch = new WatchBatch(_mirror);
        batch.Take(Response(11, isFragment: false, Put("a", 11)));
        batch.Take(Response(11, isFragment: false, Put("a", 11)));
        Assert.Equal(1, _mirror.View.Value.Get("a"u8)!.Version);
    }

    [Theory]
    [InlineData("3.4.23", false)]
    [InlineData("3.4.25", true)]
    [InlineData("3.5.0", false)]
    [InlineData("3.5.8", true)]
    [InlineData("3.6.0-rc.1", true)]
    [InlineData("nonsense", false)]
    public void Progress_is_trusted_from_the_versions_on_that_tell_it_in_order(string version, bool isTrusted) => Assert.Equal(isTrusted, EtcdVersion.TellsProgressInOrder(version));

    [Fact]
    public void A_batch_is_cut_where_a_transaction_touches_what_an_earlier_one_does_and_around_ranges()
    {
        ImmutableArray<Transaction> batch = [PutOf("a"), PutOf("b"), PutOf("a"), new([], [new Operation.Delete("x"u8.ToArray(), "y"u8.ToArray())], []), PutOf("c"), PutOf("d")];
        Assert.Equal([0..2, 2..3, 3..4, 4..6], BatchWaves.Of(batch));
        Assert.Empty(BatchWaves.Of([]));
    }

    private static Transaction PutOf(string key) => Transaction.PutIf(Encoding.UTF8.GetBytes(key), Revision.Zero, default);

    private static Event Put(string key, long revision) => new()
    {
        Kv = new KeyValue { Key = Layout.InEtcd(Encoding.UTF8.GetBytes(key)), Value = ByteString.CopyFromUtf8("v"), CreateRevision = revision, ModRevision = revision, Version = 1 },
    };

    private static WatchResponse Response(long revision, bool isFragment, params Event[] events)
    {
        var response = new WatchResponse { Header = new ResponseHeader { Revision = revision }, Fragment = isFragment };
        response.Events.AddRange(events);
        return response;
    }
}
