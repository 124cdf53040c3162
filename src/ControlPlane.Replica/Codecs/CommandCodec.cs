using System.Collections.Immutable;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Leases;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>Store commands as MessagePack; layout in docs/formats/commands.md.</summary>
internal static class CommandCodec
{
    public static byte[] Encode(Command command) => Pack.Write(command, Write);

    /// <exception cref="InvalidDataException">Not a command.</exception>
    public static Command Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, Read);

    public static void Write(ref MessagePackWriter writer, Command command)
    {
        switch (command)
        {
            case Transaction transaction:
                writer.WriteArrayHeader(4);
                writer.Write(1);
                WriteParts(ref writer, transaction);
                break;
            case Batch batch:
                writer.WriteArrayHeader(2);
                writer.Write(2);
                Pack.WriteList(ref writer, batch.Transactions, WriteTransaction);
                break;
            case GrantLease grant:
                writer.WriteArrayHeader(3);
                writer.Write(3);
                writer.Write(grant.Lease.Value);
                writer.Write(grant.TimeToLiveSeconds);
                break;
            case RenewLeases renew:
                writer.WriteArrayHeader(2);
                writer.Write(4);
                Pack.WriteList(ref writer, renew.Leases, static (ref MessagePackWriter w, LeaseId lease) => w.Write(lease.Value));
                break;
            case RevokeLease revoke:
                writer.WriteArrayHeader(2);
                writer.Write(5);
                writer.Write(revoke.Lease.Value);
                break;
            case Compact compact:
                writer.WriteArrayHeader(2);
                writer.Write(6);
                writer.Write(compact.Floor.Value);
                break;
            case ExpireLeases expire:
                writer.WriteArrayHeader(2);
                writer.Write(7);
                Pack.WriteList(ref writer, expire.Leases, static (ref MessagePackWriter w, LeaseSighting sighting) =>
                {
                    w.WriteArrayHeader(2);
                    WriteSighting(ref w, sighting);
                });
                break;
            case CheckpointLeases checkpoint:
                writer.WriteArrayHeader(2);
                writer.Write(8);
                Pack.WriteList(ref writer, checkpoint.Leases, static (ref MessagePackWriter w, LeaseCheckpoint seen) =>
                {
                    w.WriteArrayHeader(3);
                    WriteSighting(ref w, seen.Lease);
                    w.Write(seen.RemainingSeconds);
                });
                break;
            case SetQuota quota:
                writer.WriteArrayHeader(2);
                writer.Write(9);
                writer.Write(quota.Bytes);
                break;
            case SetAlarm alarm:
                writer.WriteArrayHeader(3);
                writer.Write(10);
                WriteAlarm(ref writer, alarm.Alarm);
                writer.Write(alarm.IsRaised);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(command), command, null);
        }
    }

    public static Command Read(ref MessagePackReader reader)
    {
        var (tag, count) = Pack.ReadTag(ref reader);
        switch (tag)
        {
            case 1:
                Pack.ExpectFields(tag, count, 3);
                return ReadParts(ref reader);
            case 2:
                Pack.ExpectFields(tag, count, 1);
                return new Batch([.. Pack.ReadList(ref reader, ReadTransaction)]);
            case 3:
                Pack.ExpectFields(tag, count, 2);
                return new GrantLease(new LeaseId(reader.ReadInt64()), reader.ReadInt64());
            case 4:
                Pack.ExpectFields(tag, count, 1);
                return new RenewLeases([.. Pack.ReadList(ref reader, static (ref MessagePackReader r) => new LeaseId(r.ReadInt64()))]);
            case 5:
                Pack.ExpectFields(tag, count, 1);
                return new RevokeLease(new LeaseId(reader.ReadInt64()));
            case 6:
                Pack.ExpectFields(tag, count, 1);
                return new Compact(new Revision(reader.ReadInt64()));
            case 7:
                Pack.ExpectFields(tag, count, 1);
                return new ExpireLeases([.. Pack.ReadList(ref reader, static (ref MessagePackReader r) =>
                {
                    Pack.Expect(ref r, 2);
                    return ReadSighting(ref r);
                })]);
            case 8:
                Pack.ExpectFields(tag, count, 1);
                return new CheckpointLeases([.. Pack.ReadList(ref reader, static (ref MessagePackReader r) =>
                {
                    Pack.Expect(ref r, 3);
                    return new LeaseCheckpoint(ReadSighting(ref r), r.ReadInt64());
                })]);
            case 9:
                Pack.ExpectFields(tag, count, 1);
                return new SetQuota(reader.ReadInt64());
            case 10:
                Pack.ExpectFields(tag, count, 2);
                return new SetAlarm(ReadAlarm(ref reader), reader.ReadBoolean());
            default:
                throw Pack.Unknown("command", tag);
        }
    }

    public static void WriteAlarm(ref MessagePackWriter writer, Alarm alarm)
    {
        writer.WriteArrayHeader(2);
        writer.Write(alarm.Member);
        writer.Write((int)alarm.Kind);
    }

    public static Alarm ReadAlarm(ref MessagePackReader reader)
    {
        Pack.Expect(ref reader, 2);
        var alarm = new Alarm(reader.ReadUInt64(), (AlarmKind)reader.ReadInt32());
        return Enum.IsDefined(alarm.Kind) ? alarm : throw Pack.Unknown("alarm", (int)alarm.Kind);
    }

    private static void WriteSighting(ref MessagePackWriter writer, LeaseSighting sighting)
    {
        writer.Write(sighting.Lease.Value);
        writer.Write(sighting.Renewal);
    }

    private static LeaseSighting ReadSighting(ref MessagePackReader reader) => new(new LeaseId(reader.ReadInt64()), reader.ReadInt64());

    private static void WriteTransaction(ref MessagePackWriter writer, Transaction transaction)
    {
        writer.WriteArrayHeader(3);
        WriteParts(ref writer, transaction);
    }

    private static Transaction ReadTransaction(ref MessagePackReader reader)
    {
        Pack.Expect(ref reader, 3);
        return ReadParts(ref reader);
    }

    private static void WriteParts(ref MessagePackWriter writer, Transaction transaction)
    {
        Pack.WriteList(ref writer, transaction.Compares, WriteCompare);
        Pack.WriteList(ref writer, transaction.Success, WriteOperation);
        Pack.WriteList(ref writer, transaction.Failure, WriteOperation);
    }

    private static Transaction ReadParts(ref MessagePackReader reader)
    {
        ImmutableArray<Compare> compares = [.. Pack.ReadList(ref reader, ReadCompare)];
        ImmutableArray<Operation> success = [.. Pack.ReadList(ref reader, ReadOperation)];
        return new Transaction(compares, success, [.. Pack.ReadList(ref reader, ReadOperation)]);
    }

    private static void WriteCompare(ref MessagePackWriter writer, Compare compare)
    {
        writer.WriteArrayHeader(compare.End is null ? 4 : 5);
        writer.Write(compare switch
        {
            Compare.CreatedRevision => 1,
            Compare.ModifiedRevision => 2,
            Compare.Version => 3,
            Compare.Value => 4,
            Compare.Lease => 5,
            _ => throw new ArgumentOutOfRangeException(nameof(compare), compare, null),
        });
        writer.Write(compare.Key.Span);
        writer.Write((int)compare.Comparison);
        switch (compare)
        {
            case Compare.CreatedRevision created:
                writer.Write(created.Target.Value);
                break;
            case Compare.ModifiedRevision modified:
                writer.Write(modified.Target.Value);
                break;
            case Compare.Version version:
                writer.Write(version.Target);
                break;
            case Compare.Value value:
                writer.Write(value.Target.Span);
                break;
            case Compare.Lease lease:
                writer.Write(lease.Target.Value);
                break;
        }

        if (compare.End is { } end) writer.Write(end.Span);
    }

    private static Compare ReadCompare(ref MessagePackReader reader)
    {
        var (tag, count) = Pack.ReadTag(ref reader);
        if (count != 4) Pack.ExpectFields(tag, count, 3);
        var key = Pack.ReadBytes(ref reader);
        var comparison = (Comparison)reader.ReadInt32();
        if (!Enum.IsDefined(comparison)) throw Pack.Unknown("comparison", (int)comparison);
        Compare compare = tag switch
        {
            1 => new Compare.CreatedRevision(key, comparison, new Revision(reader.ReadInt64())),
            2 => new Compare.ModifiedRevision(key, comparison, new Revision(reader.ReadInt64())),
            3 => new Compare.Version(key, comparison, reader.ReadInt64()),
            4 => new Compare.Value(key, comparison, Pack.ReadBytes(ref reader)),
            5 => new Compare.Lease(key, comparison, new LeaseId(reader.ReadInt64())),
            _ => throw Pack.Unknown("compare", tag),
        };
        return count == 3 ? compare : compare with { End = Pack.ReadBytes(ref reader) };
    }

    private static void WriteOperation(ref MessagePackWriter writer, Operation operation)
    {
        switch (operation)
        {
            case Operation.Put put when put.KeepsValue || put.KeepsLease:
                writer.WriteArrayHeader(4);
                writer.Write(4);
                writer.Write(put.Key.Span);
                Pack.WriteBytesOrNil(ref writer, put.KeepsValue ? (ReadOnlyMemory<byte>?)null : put.Value);
                if (put.KeepsLease) writer.WriteNil();
                else writer.Write(put.Lease.Value);
                break;
            case Operation.Put put:
                writer.WriteArrayHeader(4);
                writer.Write(1);
                writer.Write(put.Key.Span);
                writer.Write(put.Value.Span);
                writer.Write(put.Lease.Value);
                break;
            case Operation.Delete delete:
                writer.WriteArrayHeader(3);
                writer.Write(2);
                writer.Write(delete.Key.Span);
                Pack.WriteBytesOrNil(ref writer, delete.End);
                break;
            case Operation.Read read:
                writer.WriteArrayHeader(4);
                writer.Write(3);
                writer.Write(read.Key.Span);
                Pack.WriteBytesOrNil(ref writer, read.End);
                if (read.Limit is { } limit) writer.Write(limit);
                else writer.WriteNil();
                break;
            case Operation.Nested nested:
                // Refused here rather than by every member that reads the entry back.
                if (nested.Transaction.Depth >= Transaction.DepthMax) throw new ArgumentException($"transactions are nested more than {Transaction.DepthMax} deep", nameof(operation));
                writer.WriteArrayHeader(4);
                writer.Write(5);
                WriteParts(ref writer, nested.Transaction);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
        }
    }

    private static Operation ReadOperation(ref MessagePackReader reader)
    {
        var (tag, count) = Pack.ReadTag(ref reader);
        switch (tag)
        {
            case 1:
                Pack.ExpectFields(tag, count, 3);
                var (ownKey, ownValue) = Own(Pack.ReadBytes(ref reader), Pack.ReadBytes(ref reader), reader.Sequence.Length);
                return new Operation.Put(ownKey, ownValue, new LeaseId(reader.ReadInt64()));
            case 2:
                Pack.ExpectFields(tag, count, 2);
                return new Operation.Delete(Pack.ReadBytes(ref reader), Pack.ReadBytesOrNil(ref reader));
            case 3:
                Pack.ExpectFields(tag, count, 3);
                return new Operation.Read(Pack.ReadBytes(ref reader), Pack.ReadBytesOrNil(ref reader), reader.TryReadNil() ? null : reader.ReadInt32());
            case 4:
                Pack.ExpectFields(tag, count, 3);
                var (key, value) = (Pack.ReadBytes(ref reader), Pack.ReadBytesOrNil(ref reader));
                var keepsLease = reader.TryReadNil();
                return new Operation.Put(key, value ?? default, keepsLease ? LeaseId.None : new LeaseId(reader.ReadInt64())) { KeepsValue = value is null, KeepsLease = keepsLease };
            case 5:
                Pack.ExpectFields(tag, count, 3);
                // Bounded, because damage must not become a stack overflow, which nothing catches.
                if (++reader.Depth >= Transaction.DepthMax) throw new InvalidDataException($"transactions are nested more than {Transaction.DepthMax} deep");
                var nested = new Operation.Nested(ReadParts(ref reader));
                reader.Depth--;
                return nested;
            default:
                throw Pack.Unknown("operation", tag);
        }
    }

    /// <summary>A record outlives its entry: in a large entry its key and value would keep all of it in memory, so that they get an array of their own there.</summary>
    private static (ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value) Own(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, long inputSizeBytes)
    {
        if (inputSizeBytes < 2 * (key.Length + value.Length)) return (key, value);
        var own = GC.AllocateUninitializedArray<byte>(key.Length + value.Length);
        key.CopyTo(own);
        value.CopyTo(own.AsMemory(key.Length));
        return (own.AsMemory(0, key.Length), own.AsMemory(key.Length));
    }
}
