using System.Collections.Immutable;
using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>Log entries, configurations and snapshot marks, as they travel between members and lie in the log.</summary>
internal static class EntryCodec
{
    /// <summary>What the log on disk keeps beside term, index and kind: the command's bytes as they are, or the configuration.</summary>
    public static ReadOnlyMemory<byte> EncodePayload(Entry entry) => entry.Kind == EntryKind.Configuration ? Pack.Write(entry.Configuration!, Write) : entry.Data;

    /// <exception cref="InvalidDataException">Not a payload.</exception>
    public static Entry DecodePayload(Term term, LogIndex index, byte kind, ReadOnlyMemory<byte> payload) => (EntryKind)kind switch
    {
        EntryKind.NoOp when payload.IsEmpty => new Entry(term, index, EntryKind.NoOp, payload),
        EntryKind.Command => new Entry(term, index, EntryKind.Command, payload),
        EntryKind.Configuration => new Entry(term, index, EntryKind.Configuration, default, Pack.Read(payload, ReadConfiguration)),
        _ => throw Pack.Unknown("kind of entry", kind),
    };

    public static byte[] Encode(Configuration configuration) => Pack.Write(configuration, Write);

    /// <exception cref="InvalidDataException">Not a configuration.</exception>
    public static Configuration DecodeConfiguration(ReadOnlyMemory<byte> data) => Pack.Read(data, ReadConfiguration);

    public static void Write(ref MessagePackWriter writer, Entry entry)
    {
        writer.WriteArrayHeader(4);
        writer.Write(entry.Term.Value);
        writer.Write(entry.Index.Value);
        writer.Write((byte)entry.Kind);
        switch (entry.Kind)
        {
            case EntryKind.NoOp:
                writer.WriteNil();
                break;
            case EntryKind.Command:
                writer.Write(entry.Data.Span);
                break;
            default:
                Write(ref writer, entry.Configuration!);
                break;
        }
    }

    public static Entry ReadEntry(ref MessagePackReader reader)
    {
        Pack.Expect(ref reader, 4);
        var term = new Term(reader.ReadUInt64());
        var index = new LogIndex(reader.ReadUInt64());
        var kind = (EntryKind)reader.ReadByte();
        switch (kind)
        {
            case EntryKind.NoOp:
                if (!reader.TryReadNil()) throw new InvalidDataException("a no-op carries nothing");
                return new Entry(term, index, kind, default);
            case EntryKind.Command:
                return new Entry(term, index, kind, Pack.ReadBytes(ref reader));
            case EntryKind.Configuration:
                return new Entry(term, index, kind, default, ReadConfiguration(ref reader));
            default:
                throw Pack.Unknown("kind of entry", (int)kind);
        }
    }

    public static void Write(ref MessagePackWriter writer, SnapshotMark mark)
    {
        writer.WriteArrayHeader(3);
        writer.Write(mark.Index.Value);
        writer.Write(mark.Term.Value);
        Write(ref writer, mark.Configuration);
    }

    public static SnapshotMark ReadMark(ref MessagePackReader reader)
    {
        Pack.Expect(ref reader, 3);
        return new SnapshotMark(new LogIndex(reader.ReadUInt64()), new Term(reader.ReadUInt64()), ReadConfiguration(ref reader));
    }

    public static void Write(ref MessagePackWriter writer, Configuration configuration)
    {
        // The short form is what groups without a floor, a removal or a known disk have always written.
        var isShort = configuration.Removed.IsEmpty && configuration.VersionFloor == 0;
        writer.WriteArrayHeader(isShort ? 3 : 5);
        Pack.WriteList(ref writer, configuration.Voters, WriteMember);
        Pack.WriteList(ref writer, configuration.OutgoingVoters, WriteMember);
        Pack.WriteList(ref writer, configuration.Learners, WriteMember);
        if (isShort) return;
        Pack.WriteList(ref writer, configuration.Removed, static (ref MessagePackWriter w, ReplicaId id) => w.Write(id.Value));
        writer.Write(configuration.VersionFloor);
    }

    public static Configuration ReadConfiguration(ref MessagePackReader reader)
    {
        var isLong = Pack.ExpectOneOf(ref reader, 3, 5) == 5;
        ImmutableArray<Member> voters = [.. Pack.ReadList(ref reader, ReadMember)];
        ImmutableArray<Member> outgoing = [.. Pack.ReadList(ref reader, ReadMember)];
        var configuration = new Configuration(voters, outgoing, [.. Pack.ReadList(ref reader, ReadMember)]);
        if (!isLong) return configuration;
        ImmutableArray<ReplicaId> removed = [.. Pack.ReadList(ref reader, static (ref MessagePackReader r) => new ReplicaId(r.ReadUInt64()))];
        return configuration with { Removed = removed, VersionFloor = reader.ReadInt32() };
    }

    private static void WriteMember(ref MessagePackWriter writer, Member member)
    {
        writer.WriteArrayHeader(member.DiskId == 0 ? 3 : 4);
        writer.Write(member.Id.Value);
        writer.Write(member.Name);
        writer.Write(member.PeerAddress);
        if (member.DiskId != 0) writer.Write(member.DiskId);
    }

    private static Member ReadMember(ref MessagePackReader reader)
    {
        var hasDisk = Pack.ExpectOneOf(ref reader, 3, 4) == 4;
        return new Member(new ReplicaId(reader.ReadUInt64()), Pack.ReadString(ref reader), Pack.ReadString(ref reader))
        {
            DiskId = hasDisk ? reader.ReadUInt64() : 0,
        };
    }
}
