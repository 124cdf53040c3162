using ControlPlane.Etcd.Protocol;
using Google.Protobuf;
using Grpc.Core;
using static ControlPlane.Tests.Etcd.Face;

namespace ControlPlane.Tests.Etcd.Services;

/// <summary>What etcd's <c>KV</c> promises, over the wire. The answers were compared with those of etcd 3.4 to the same calls.</summary>
public sealed class KeyServiceTests : IAsyncLifetime
{
    private Face _face = null!;

    public async ValueTask InitializeAsync() => _face = await StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task A_put_answers_with_its_revision_and_a_range_with_the_newest_even_of_the_past()
    {
        Assert.Equal(1, await _face.PutAsync("a", "1"));
        var second = await _face.Keys.PutAsync(new PutRequest { Key = Bytes("a"), Value = Bytes("2"), PrevKv = true });
        Assert.Equal((2, "1"), (second.Header.Revision, second.PrevKv.Value.ToStringUtf8()));

        var past = await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("a"), Revision = 1 });

        Assert.Equal((2, "a=1", 1), (past.Header.Revision, Line(past.Kvs), past.Count));
        Assert.Equal(
            (1L, 2L, 2L),
            (await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("a") })).Kvs.Select(record => (record.CreateRevision, record.ModRevision, record.Version)).Single());
    }

    [Fact]
    public async Task A_range_counts_what_its_limit_leaves_out()
    {
        foreach (var key in new[] { "a", "b", "c", "d" }) await _face.PutAsync(key, key.ToUpperInvariant());

        var limited = await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("b"), RangeEnd = ByteString.CopyFrom(0), Limit = 2 });
        Assert.Equal(("b=B c=C", true, 3), (Line(limited.Kvs), limited.More, limited.Count));

        var exact = await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("b"), RangeEnd = Bytes("d"), Limit = 2, KeysOnly = true });
        Assert.Equal(("b= c=", false, 2), (Line(exact.Kvs), exact.More, exact.Count));

        var counted = await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("b"), RangeEnd = ByteString.CopyFrom(0), CountOnly = true, Limit = 1 });
        Assert.Equal(("", false, 3), (Line(counted.Kvs), counted.More, counted.Count));
    }

    [Theory]
    [InlineData(RangeRequest.Types.SortTarget.Key, RangeRequest.Types.SortOrder.Descend, "d c b")]
    [InlineData(RangeRequest.Types.SortTarget.Value, RangeRequest.Types.SortOrder.Ascend, "d c b")]
    [InlineData(RangeRequest.Types.SortTarget.Version, RangeRequest.Types.SortOrder.Descend, "c a b")]
    [InlineData(RangeRequest.Types.SortTarget.Create, RangeRequest.Types.SortOrder.Descend, "d c b")]
    [InlineData(RangeRequest.Types.SortTarget.Mod, RangeRequest.Types.SortOrder.None, "a b d")]
    public async Task A_range_is_sorted_before_it_is_cut(RangeRequest.Types.SortTarget target, RangeRequest.Types.SortOrder order, string expected)
    {
        foreach (var (key, value) in new[] { ("a", "9"), ("b", "8"), ("c", "0"), ("d", "1"), ("c", "7") }) await _face.PutAsync(key, value);

        var answer = await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("a"), RangeEnd = ByteString.CopyFrom(0), SortTarget = target, SortOrder = order, Limit = 3 });

        Assert.Equal((expected, true, 4), (string.Join(' ', answer.Kvs.Select(record => record.Key.ToStringUtf8())), answer.More, answer.Count));
    }

    [Fact]
    public async Task A_range_can_be_bounded_by_revisions_and_still_counts_all_keys()
    {
        foreach (var (key, value) in new[] { ("a", "1"), ("b", "2"), ("c", "3"), ("a", "4") }) await _face.PutAsync(key, value);

        var request = From("a");
        (request.MinModRevision, request.MaxModRevision) = (3, 4);
        Assert.Equal("a=4 c=3", Line((await _face.Keys.RangeAsync(request)).Kvs));

        request = From("a");
        (request.MaxCreateRevision, request.Limit) = (2, 1);
        var answer = await _face.Keys.RangeAsync(request);
        Assert.Equal(("a=4", true, 3), (Line(answer.Kvs), answer.More, answer.Count));
    }

    [Fact]
    public async Task A_transaction_compares_values_only_of_keys_that_exist()
    {
        await _face.PutAsync("a", "");
        Assert.True(await SucceedsAsync(new Compare { Key = Bytes("a"), Target = Compare.Types.CompareTarget.Value, Value = ByteString.Empty }));
        Assert.False(await SucceedsAsync(new Compare { Key = Bytes("absent"), Target = Compare.Types.CompareTarget.Value, Value = ByteString.Empty }));
        Assert.False(await SucceedsAsync(new Compare { Key = Bytes("absent"), Target = Compare.Types.CompareTarget.Value, Result = Compare.Types.CompareResult.NotEqual, Value = Bytes("x") }));
        Assert.True(await SucceedsAsync(new Compare { Key = Bytes("absent"), Target = Compare.Types.CompareTarget.Create }));
        Assert.True(await SucceedsAsync(new Compare { Key = Bytes("a"), RangeEnd = ByteString.CopyFrom(0), Target = Compare.Types.CompareTarget.Mod, ModRevision = 2, Result = Compare.Types.CompareResult.Less }));
    }

    [Fact]
    public async Task A_transaction_answers_every_operation_nested_ones_too()
    {
        await _face.PutAsync("a", "1");
        var nested = new TxnRequest { Success = { Get(new RangeRequest { Key = Bytes("a") }), Put("c", "3") } };
        var request = new TxnRequest
        {
            Success = { Get(From("a")), Put("b", "2"), new RequestOp { RequestTxn = nested }, Get(new RangeRequest { Key = Bytes("a"), Revision = 1, CountOnly = true }) },
        };

        var answer = await _face.Keys.TxnAsync(request);

        Assert.Equal((2, true), (answer.Header.Revision, answer.Succeeded));
        Assert.Equal((1, "a=1"), (answer.Responses[0].ResponseRange.Header.Revision, Line(answer.Responses[0].ResponseRange.Kvs)));
        Assert.Equal(2, answer.Responses[1].ResponsePut.Header.Revision);
        Assert.Equal("a=1", Line(answer.Responses[2].ResponseTxn.Responses[0].ResponseRange.Kvs));
        Assert.Equal(1, answer.Responses[3].ResponseRange.Count);
        Assert.Equal("a=1 b=2 c=3", Line((await _face.Keys.RangeAsync(From("a"))).Kvs));
    }

    [Fact]
    public async Task A_delete_tells_what_it_deleted_and_one_that_deletes_nothing_makes_no_revision()
    {
        await _face.PutAsync("a", "1");
        await _face.PutAsync("b", "2");
        var answer = await _face.Keys.DeleteRangeAsync(new DeleteRangeRequest { Key = Bytes("a"), RangeEnd = ByteString.CopyFrom(0), PrevKv = true });
        Assert.Equal((3, 2, "a=1 b=2"), (answer.Header.Revision, answer.Deleted, Line(answer.PrevKvs)));
        Assert.Equal(3, await _face.DeleteAsync("a"));
    }

    [Fact]
    public async Task A_large_list_and_a_large_value_arrive_whole()
    {
        var large = new string('x', 1 << 20);
        await _face.PutAsync("a", large);
        for (var number = 0; number < 300; number++) await _face.PutDirectAsync($"k{number:d4}", new string('y', number * 20));

        var answer = await _face.Keys.RangeAsync(From("a"));

        Assert.Equal(301, answer.Kvs.Count);
        Assert.Equal(large, answer.Kvs[0].Value.ToStringUtf8());
        Assert.Equal(Enumerable.Range(0, 300).Select(number => number * 20), answer.Kvs.Skip(1).Select(record => record.Value.Length));
        var merged = new RangeResponse();
        await foreach (var part in _face.Keys.RangeStream(From("a")).ResponseStream.ReadAllAsync()) merged.MergeFrom(part.RangeResponse);
        Assert.Equal(answer, merged);
    }

    [Fact]
    public async Task Refusals_have_the_protocols_codes_and_texts()
    {
        await _face.PutAsync("a", "1");
        await RefusedAsync(StatusCode.InvalidArgument, "etcdserver: key is not provided", () => _face.PutAsync("", "1"));
        await RefusedAsync(StatusCode.InvalidArgument, "etcdserver: key not found", async () => await _face.Keys.PutAsync(new PutRequest { Key = Bytes("b"), IgnoreValue = true }));
        await RefusedAsync(StatusCode.InvalidArgument, "etcdserver: value is provided", async () => await _face.Keys.PutAsync(new PutRequest { Key = Bytes("a"), Value = Bytes("2"), IgnoreValue = true }));
        await RefusedAsync(StatusCode.InvalidArgument, "etcdserver: lease is provided", async () => await _face.Keys.PutAsync(new PutRequest { Key = Bytes("a"), Lease = 1, IgnoreLease = true }));
        await RefusedAsync(StatusCode.NotFound, "etcdserver: requested lease not found", () => _face.PutAsync("a", "1", lease: 7));
        await RefusedAsync(StatusCode.InvalidArgument, "etcdserver: request is too large", () => _face.PutAsync("a", new string('x', 3 << 19)));
        await RefusedAsync(StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision", async () => await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("a"), Revision = 9 }));
        await RefusedAsync(StatusCode.InvalidArgument, "etcdserver: invalid sort option", async () => await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("a"), SortOrder = (RangeRequest.Types.SortOrder)9 }));
        await RefusedAsync(StatusCode.InvalidArgument, "etcdserver: duplicate key given in txn request", async () => await _face.Keys.TxnAsync(new TxnRequest { Success = { Put("a", "1"), Put("a", "2") } }));
        var many = new TxnRequest();
        for (var number = 0; number < 129; number++) many.Failure.Add(Put($"{number}", ""));
        await RefusedAsync(StatusCode.InvalidArgument, "etcdserver: too many operations in txn request", async () => await _face.Keys.TxnAsync(many));
    }

    [Fact]
    public async Task A_compaction_is_refused_twice_and_ahead_of_time_and_closes_the_past()
    {
        foreach (var value in new[] { "1", "2", "3" }) await _face.PutAsync("a", value);
        await _face.Keys.CompactAsync(new CompactionRequest { Revision = 2 });

        Assert.Equal("a=2", Line((await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("a"), Revision = 2 })).Kvs));
        const string compacted = "etcdserver: mvcc: required revision has been compacted";
        await RefusedAsync(StatusCode.OutOfRange, compacted, async () => await _face.Keys.RangeAsync(new RangeRequest { Key = Bytes("a"), Revision = 1 }));
        await RefusedAsync(StatusCode.OutOfRange, compacted, async () => await _face.Keys.CompactAsync(new CompactionRequest { Revision = 2 }));
        await RefusedAsync(StatusCode.OutOfRange, compacted, async () => await _face.Keys.TxnAsync(new TxnRequest { Success = { Put("b", "1"), Get(new RangeRequest { Key = Bytes("a"), Revision = 1 }) } }));
        await RefusedAsync(StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision", async () => await _face.Keys.CompactAsync(new CompactionRequest { Revision = 4 }));
        Assert.Equal(3, _face.Store.Latest.Revision.Value);
    }

    private async Task<bool> SucceedsAsync(Compare compare) => (await _face.Keys.TxnAsync(new TxnRequest { Compare = { compare } })).Succeeded;

    private static RequestOp Put(string key, string value) => new() { RequestPut = new PutRequest { Key = Bytes(key), Value = Bytes(value) } };

    private static RequestOp Get(RangeRequest request) => new() { RequestRange = request };
}
