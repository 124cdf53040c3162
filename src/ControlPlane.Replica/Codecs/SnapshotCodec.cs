using System.Buffers.Binary;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Leases;
using DotNext.Buffers;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>The state in a snapshot: parts of a length (4 bytes, little-endian) and MessagePack; layout in docs/formats/snapshot-content.md.</summary>
/// <remarks>Written and read in parts of some tens of kilobytes, so that a snapshot of any size needs no second copy in memory. Checksums are the file's.</remarks>
internal static class SnapshotCodec
{
    private const int Version = 2;
    private const int PartSizeBytes = 64 << 10;

    // One record can not be larger than the command that put it; 64 MiB leaves room for any limit on commands.
    private const int PartSizeBytesMax = 64 << 20;

    public delegate void Sink(ReadOnlySpan<byte> bytes);

    /// <summary>Reads into the span; returns how many bytes, 0 at the end.</summary>
    public delegate int Source(Span<byte> buffer);

    public static void Write(ReplicaImage image, Sink sink)
    {
        // Rented, and grown with what is written: snapshots come by the hundred in a small group, and their pieces are of one size.
        using var buffer = new PoolingArrayBufferWriter<byte>();
        WriteHead(buffer, image);
        Flush(buffer, sink);
        var records = new List<Record>();
        var sizeBytes = 0;
        foreach (var record in image.View.Range(default, null))
        {
            records.Add(record);
            sizeBytes += record.Key.Length + record.Value.Length + 32;
            if (sizeBytes < PartSizeBytes) continue;
            WriteRecords(buffer, records);
            Flush(buffer, sink);
            records.Clear();
            sizeBytes = 0;
        }

        if (records.Count > 0)
        {
            WriteRecords(buffer, records);
            Flush(buffer, sink);
        }

        sink([0, 0, 0, 0]);
    }

    /// <exception cref="InvalidDataException">Not a state, or not the state that was written.</exception>
    public static ReplicaState Read(Source source, long historyBytesMax = StoreState.HistoryBytesMaxUsual)
    {
        var head = Pack.Read(ReadPart(source) ?? throw new InvalidDataException("the snapshot has no head"), ReadHead);
        StoreState store;
        try
        {
            store = StoreState.Restore(head.Store, Records(source), historyBytesMax);
        }
        catch (ArgumentException contradiction)
        {
            throw new InvalidDataException(contradiction.Message, contradiction);
        }

        if (store.View.KeyCount != head.KeyCount || store.View.StateHash != head.StateHash)
        {
            throw new InvalidDataException($"the snapshot holds {store.View.KeyCount} keys with hash {store.View.StateHash:x}, not {head.KeyCount} with {head.StateHash:x}");
        }

        return new ReplicaState(store, SessionTable.Restore(head.Sessions));
    }

    private static IEnumerable<Record> Records(Source source)
    {
        while (ReadPart(source) is { } part)
        {
            foreach (var record in Pack.Read(part, ReadRecords)) yield return record;
        }
    }

    private static byte[]? ReadPart(Source source)
    {
        Span<byte> length = stackalloc byte[4];
        Fill(source, length);
        var sizeBytes = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (sizeBytes == 0) return null;
        if (sizeBytes is < 0 or > PartSizeBytesMax) throw new InvalidDataException($"a part of {sizeBytes} bytes");
        var part = new byte[sizeBytes];
        Fill(source, part);
        return part;
    }

    private static void Fill(Source source, Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var read = source(buffer);
            if (read == 0) throw new InvalidDataException("the snapshot ends within a part");
            buffer = buffer[read..];
        }
    }

    private static void Flush(PoolingArrayBufferWriter<byte> buffer, Sink sink)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, buffer.WrittenCount);
        sink(length);
        sink(buffer.WrittenMemory.Span);
        buffer.Clear(reuseBuffer: true);
    }

    private static void WriteHead(PoolingArrayBufferWriter<byte> buffer, ReplicaImage image)
    {
        var writer = new MessagePackWriter(buffer);
        var head = image.View.Head;
        writer.WriteArrayHeader(10);
        writer.Write(Version);
        writer.Write(head.Revision.Value);
        writer.Write(head.CompactionFloor.Value);
        writer.Write(head.LeaseRenewals);
        Pack.WriteList(ref writer, head.Leases, static (ref MessagePackWriter w, Lease lease) =>
        {
            w.WriteArrayHeader(4);
            w.Write(lease.Id.Value);
            w.Write(lease.TimeToLiveSeconds);
            w.Write(lease.RemainingSeconds);
            w.Write(lease.Renewal);
        });
        writer.Write(head.QuotaBytes);
        Pack.WriteList(ref writer, head.Alarms, CommandCodec.WriteAlarm);
        Pack.WriteList(ref writer, [.. image.Sessions.Sessions], static (ref MessagePackWriter w, SessionRecord session) =>
        {
            w.WriteArrayHeader(4);
            w.Write(session.Origin.Value);
            w.Write(session.Incarnation);
            w.Write(session.OldestOpen);
            Pack.WriteList(ref w, session.Applied, static (ref MessagePackWriter ww, ulong sequence) => ww.Write(sequence));
        });
        writer.Write(image.View.KeyCount);
        writer.Write(image.View.StateHash);
        writer.Flush();
    }

    private static Head ReadHead(ref MessagePackReader reader)
    {
        var (version, fieldCount) = Pack.ReadTag(ref reader);
        if (version is < 1 or > Version) throw new InvalidDataException($"the snapshot has content version {version}, this program reads 1 to {Version}");
        Pack.ExpectFields(version, fieldCount, version == 1 ? 6 : 9);
        return new Head(
            new StoreHead(new Revision(reader.ReadInt64()), new Revision(reader.ReadInt64()))
            {
                LeaseRenewals = version == 1 ? 0 : reader.ReadInt64(),
                Leases = Pack.ReadList<Lease>(ref reader, version == 1 ? ReadLeaseOfVersion1 : ReadLease),
                QuotaBytes = version == 1 ? StoreState.QuotaBytesUsual : reader.ReadInt64(),
                Alarms = version == 1 ? [] : Pack.ReadList(ref reader, CommandCodec.ReadAlarm),
            },
            Pack.ReadList(ref reader, static (ref MessagePackReader r) =>
            {
                Pack.Expect(ref r, 4);
                return new SessionRecord(new MemberId(r.ReadUInt64()), r.ReadUInt64(), r.ReadUInt64(),
                    Pack.ReadList(ref r, static (ref MessagePackReader rr) => rr.ReadUInt64()));
            }),
            reader.ReadInt64(),
            reader.ReadUInt64());
    }

    private static Lease ReadLease(ref MessagePackReader reader)
    {
        Pack.Expect(ref reader, 4);
        return new Lease(new LeaseId(reader.ReadInt64()), reader.ReadInt64()) { RemainingSeconds = reader.ReadInt64(), Renewal = reader.ReadInt64() };
    }

    private static Lease ReadLeaseOfVersion1(ref MessagePackReader reader)
    {
        Pack.Expect(ref reader, 2);
        return new Lease(new LeaseId(reader.ReadInt64()), reader.ReadInt64());
    }

    private static void WriteRecords(PoolingArrayBufferWriter<byte> buffer, List<Record> records)
    {
        var writer = new MessagePackWriter(buffer);
        Pack.WriteList(ref writer, records, static (ref MessagePackWriter w, Record record) =>
        {
            w.WriteArrayHeader(6);
            w.Write(record.Key.Span);
            w.Write(record.Value.Span);
            w.Write(record.Created.Value);
            w.Write(record.Modified.Value);
            w.Write(record.Version);
            w.Write(record.Lease.Value);
        });
        writer.Flush();
    }

    private static List<Record> ReadRecords(ref MessagePackReader reader) => Pack.ReadList(ref reader, static (ref MessagePackReader r) =>
    {
        Pack.Expect(ref r, 6);
        return new Record(Pack.ReadBytes(ref r), Pack.ReadBytes(ref r), new Revision(r.ReadInt64()), new Revision(r.ReadInt64()), r.ReadInt64(), new LeaseId(r.ReadInt64()));
    });

    private sealed record Head(StoreHead Store, List<SessionRecord> Sessions, long KeyCount, ulong StateHash);
}
