using System.Text;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Etcd.Client;

/// <summary>Commands of every kind on a few keys, so that they meet; the same for the same seed.</summary>
internal sealed class RandomCommands(int seed)
{
    private static readonly string[] Keys = ["a", "a/1", "a/2", "b", "b/x", "c", "ÿ", "\u0001"];

    private readonly Random _random = new(seed);

    public Command Next(StoreView view) => _random.Next(20) switch
    {
        < 13 => NextTransaction(view, depth: 1),
        13 => NextBatch(view),
        14 => new GrantLease(NextLease(), _random.Next(8) == 0 ? _random.Next(-1, 1) : 1_000 + _random.Next(100)),
        15 => new RenewLeases([NextLease(), NextLease()]),
        16 => new RevokeLease(NextLease()),
        17 => new Compact(new Revision(Math.Max(0, view.CompactionFloor.Value + _random.Next(-3, 10)))),
        18 => new Compact(new Revision(view.Revision.Value + _random.Next(0, 3))),
        _ => NextTransaction(view, depth: 1),
    };

    public Revision NextRevision(StoreView view) => new(Math.Max(1, view.Revision.Value - _random.Next(-3, 60)));

    private Transaction NextTransaction(StoreView view, int depth) => new(
        [.. Enumerable.Range(0, _random.Next(3)).Select(_ => NextCompare(view))],
        [.. Enumerable.Range(0, _random.Next(4)).Select(_ => NextOperation(view, depth))],
        [.. Enumerable.Range(0, _random.Next(3)).Select(_ => NextOperation(view, depth))]);

    /// <summary>Each touches one key in common: etcd's order of independent ones is its own.</summary>
    private Batch NextBatch(StoreView view) => new([.. Enumerable.Range(0, _random.Next(4)).Select(_ => NextTransaction(view, depth: 2) with
    {
        Failure = [new Operation.Read(Bytes("a"), null, null)],
    })]);

    private Compare NextCompare(StoreView view)
    {
        var key = NextKey();
        var comparison = (Comparison)_random.Next(4);
        var record = view.Get(key.Span);
        var revision = new Revision(Math.Max(0, (record?.Modified.Value ?? 0) + _random.Next(-1, 2)));
        Compare compare = _random.Next(5) switch
        {
            0 => new Compare.CreatedRevision(key, comparison, new Revision(Math.Max(0, (record?.Created.Value ?? 0) + _random.Next(-1, 2)))),
            1 => new Compare.ModifiedRevision(key, comparison, revision),
            2 => new Compare.Version(key, comparison, Math.Max(0, (record?.Version ?? 0) + _random.Next(-1, 2))),
            3 => new Compare.Value(key, comparison, _random.Next(2) == 0 ? record?.Value ?? default : NextValue()),
            _ => new Compare.Lease(key, comparison, _random.Next(2) == 0 ? record?.Lease ?? LeaseId.None : NextLease()),
        };
        return _random.Next(5) == 0 ? compare with { End = NextEnd() } : compare;
    }

    private Operation NextOperation(StoreView view, int depth) => _random.Next(12) switch
    {
        < 5 => new Operation.Put(NextKey(), NextValue(), _random.Next(3) == 0 ? NextLease() : LeaseId.None),
        5 => new Operation.Put(NextKey(), NextValue(), _random.Next(2) == 0 ? NextLease() : LeaseId.None) { KeepsValue = _random.Next(2) == 0, KeepsLease = _random.Next(2) == 0 },
        6 => new Operation.Delete(NextKey(), null),
        7 => new Operation.Delete(NextKey(), NextEnd()),
        8 => new Operation.Read(NextKey(), null, null),
        9 => new Operation.Read(NextKey(), NextEnd(), _random.Next(3) == 0 ? _random.Next(4) : null),
        10 when depth < 3 => new Operation.Nested(NextTransaction(view, depth + 1)),
        _ => new Operation.Read(Bytes(""), ReadOnlyMemory<byte>.Empty, _random.Next(2) == 0 ? 3 : null),
    };

    private ReadOnlyMemory<byte> NextKey() => Bytes(Keys[_random.Next(Keys.Length)]);

    private ReadOnlyMemory<byte> NextEnd() => _random.Next(4) == 0 ? ReadOnlyMemory<byte>.Empty : NextKey();

    private ReadOnlyMemory<byte> NextValue() => Bytes(_random.Next(6) == 0 ? "" : $"value {_random.Next(6)}");

    private LeaseId NextLease() => new(_random.Next(1, 5));

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
