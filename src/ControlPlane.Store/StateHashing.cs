using System.Buffers.Binary;
using ControlPlane.Store.Leases;

namespace ControlPlane.Store;

/// <summary>The hash that members compare: a wrapping sum over records, so that it can be kept up record by record and depends on what
/// is stored only, not on the order of arrival nor the shape of the tree.</summary>
/// <remarks>Guards against divergence, not against an adversary. Equal on every machine: integers only, little-endian.</remarks>
internal static class StateHashing
{
    private const ulong KeySeed = 0x9E3779B97F4A7C15;
    private const ulong ValueSeed = 0xD6E8FEB86659FD93;
    private const ulong LaneA = 0xA0761D6478BD642F;
    private const ulong LaneB = 0xE7037ED1A0B428DB;

    /// <summary>One record's share of the sum.</summary>
    public static ulong Of(Record record)
    {
        var hash = OfBytes(record.Key.Span, KeySeed);
        hash = OfBytes(record.Value.Span, hash ^ ValueSeed);
        hash = Fold(hash ^ (ulong)record.Created.Value, LaneA ^ (ulong)record.Modified.Value);
        return Fold(hash ^ (ulong)record.Version, LaneB ^ (ulong)record.Lease.Value);
    }

    /// <summary>The state's hash from its record sum.</summary>
    public static ulong OfState(ulong recordSum, Revision revision) => Fold(recordSum ^ LaneB, (ulong)revision.Value ^ KeySeed);

    /// <summary>One lease's share of the leases' sum; its keys name it and are counted with the records.</summary>
    public static ulong Of(Lease lease) => Fold(
        Fold((ulong)lease.Id.Value ^ KeySeed, (ulong)lease.TimeToLiveSeconds ^ LaneA), Fold((ulong)lease.RemainingSeconds ^ ValueSeed, (ulong)lease.Renewal ^ LaneB));

    public static ulong OfWhole(ulong stateHash, ulong leaseSum, long leaseRenewals, Revision compactionFloor, StoreLimits limits)
    {
        var hash = Fold(stateHash ^ LaneA, leaseSum ^ LaneB);
        hash = Fold(hash ^ (ulong)leaseRenewals, (ulong)compactionFloor.Value ^ LaneA);
        hash = Fold(hash ^ (ulong)limits.QuotaBytes, LaneB);
        foreach (var alarm in limits.Alarms) hash = Fold(hash ^ alarm.Member, (ulong)alarm.Kind ^ LaneA);
        return hash;
    }

    private static ulong OfBytes(ReadOnlySpan<byte> bytes, ulong seed)
    {
        var hash = Fold(seed ^ LaneA, (ulong)bytes.Length ^ LaneB);
        while (bytes.Length >= 16)
        {
            hash = Fold(
                BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ LaneA,
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ hash);
            bytes = bytes[16..];
        }

        if (bytes.IsEmpty) return hash;
        Span<byte> tail = stackalloc byte[16];
        tail.Clear();
        bytes.CopyTo(tail);
        return Fold(
            BinaryPrimitives.ReadUInt64LittleEndian(tail) ^ LaneB,
            BinaryPrimitives.ReadUInt64LittleEndian(tail[8..]) ^ hash);
    }

    /// <summary>Multiplies to 128 bits and folds the halves together; the factors are mixed in again, so that a zero does not swallow the other.</summary>
    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low ^ ulong.RotateLeft(left, 29) ^ ulong.RotateLeft(right, 47);
    }
}
