using ControlPlane.Raft;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Turns;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>Messages between members: <c>[tag, from, to, …]</c>; layout in docs/formats/peers.md.</summary>
internal static class PeerCodec
{
    public static byte[] Encode(PeerMessage message) => Pack.Write(message, Write);

    /// <summary>Adds the message as a frame.</summary>
    public static void Encode(FrameBuffer target, PeerMessage message)
    {
        var start = target.BeginFrame();
        Pack.Write(target, message, Write);
        target.EndFrame(start);
    }

    /// <exception cref="InvalidDataException">Not a message.</exception>
    public static PeerMessage Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, Read);

    private static void Write(ref MessagePackWriter writer, PeerMessage message)
    {
        switch (message)
        {
            case PeerMessage.Consensus consensus:
                WriteConsensus(ref writer, consensus.Message);
                break;
            case PeerMessage.Forward forward:
                Begin(ref writer, 20, message, 3);
                writer.Write(forward.Incarnation);
                Pack.WriteList(ref writer, forward.Sequences, static (ref MessagePackWriter w, ulong sequence) => w.Write(sequence));
                writer.Write(forward.Payload.Span);
                break;
            case PeerMessage.ForwardRefused refused:
                Begin(ref writer, 21, message, 2);
                writer.Write(refused.Incarnation);
                Pack.WriteList(ref writer, refused.Sequences, static (ref MessagePackWriter w, ulong sequence) => w.Write(sequence));
                break;
            case PeerMessage.AskRead ask:
                Begin(ref writer, 22, message, 2);
                writer.Write(ask.Incarnation);
                writer.Write(ask.Ask);
                break;
            case PeerMessage.AnswerRead answer:
                Begin(ref writer, 23, message, 3);
                writer.Write(answer.Incarnation);
                writer.Write(answer.Ask);
                if (answer.Index is { } index) writer.Write(index.Value);
                else writer.WriteNil();
                break;
            case PeerMessage.AskChange ask:
                Begin(ref writer, 24, message, 3);
                writer.Write(ask.Incarnation);
                writer.Write(ask.Ask);
                MembershipCodec.Write(ref writer, ask.Request);
                break;
            case PeerMessage.AnswerChange answer:
                Begin(ref writer, 25, message, 3);
                writer.Write(answer.Incarnation);
                writer.Write(answer.Ask);
                if (answer.Outcome is { } outcome) MembershipCodec.Write(ref writer, outcome);
                else writer.WriteNil();
                break;
            case PeerMessage.Ping:
                Begin(ref writer, 26, message, 0);
                break;
            case PeerMessage.DiskFull full:
                Begin(ref writer, 43, message, 1);
                writer.Write(full.Problem);
                break;
            case PeerMessage.AskHash ask:
                Begin(ref writer, 40, message, 1);
                writer.Write(ask.Index.Value);
                break;
            case PeerMessage.AnswerHash answer:
                Begin(ref writer, 41, message, 2);
                writer.Write(answer.Index.Value);
                writer.Write(answer.Hash);
                break;
            case PeerMessage.HashDiffers differs:
                Begin(ref writer, 42, message, 2);
                writer.Write(differs.Index.Value);
                writer.Write(differs.Hash);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), message, null);
        }
    }

    private static void WriteConsensus(ref MessagePackWriter writer, Message message)
    {
        switch (message)
        {
            case PreVoteRequest m:
                Begin(ref writer, 1, m, 2);
                writer.Write(m.LastIndex.Value);
                writer.Write(m.LastTerm.Value);
                break;
            case PreVoteResponse m:
                Begin(ref writer, 2, m, 1);
                writer.Write(m.Granted);
                break;
            case VoteRequest m:
                Begin(ref writer, 3, m, 3);
                writer.Write(m.LastIndex.Value);
                writer.Write(m.LastTerm.Value);
                writer.Write(m.IsTransfer);
                break;
            case VoteResponse m:
                Begin(ref writer, 4, m, 1);
                writer.Write(m.Granted);
                break;
            case Append m:
                Begin(ref writer, 5, m, 4);
                writer.Write(m.PreviousIndex.Value);
                writer.Write(m.PreviousTerm.Value);
                Pack.WriteList(ref writer, m.Entries, EntryCodec.Write);
                writer.Write(m.Commit.Value);
                break;
            case AppendAccepted m:
                Begin(ref writer, 6, m, 1);
                writer.Write(m.Match.Value);
                break;
            case AppendRejected m:
                Begin(ref writer, 7, m, 3);
                writer.Write(m.Rejected.Value);
                writer.Write(m.HintIndex.Value);
                writer.Write(m.HintTerm.Value);
                break;
            case Heartbeat m:
                Begin(ref writer, 8, m, 2);
                writer.Write(m.Commit.Value);
                writer.Write(m.Round);
                break;
            case HeartbeatResponse m:
                Begin(ref writer, 9, m, 1);
                writer.Write(m.Round);
                break;
            case InstallSnapshot m:
                Begin(ref writer, 10, m, 1);
                EntryCodec.Write(ref writer, m.Snapshot);
                break;
            case TimeoutNow m:
                Begin(ref writer, 11, m, 0);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), message, null);
        }
    }

    private static PeerMessage Read(ref MessagePackReader reader)
    {
        var (tag, count) = Pack.ReadTag(ref reader);
        if (count < 2) throw new InvalidDataException("a message has a sender and a receiver");
        var from = new ReplicaId(reader.ReadUInt64());
        var to = new ReplicaId(reader.ReadUInt64());
        if (tag <= 11) return new PeerMessage.Consensus(ReadConsensus(ref reader, tag, count, from, to));
        switch (tag)
        {
            case 20:
                Pack.ExpectFields(tag, count, 5);
                return new PeerMessage.Forward(from, to, reader.ReadUInt64(),
                    Pack.ReadList(ref reader, static (ref MessagePackReader r) => r.ReadUInt64()), Pack.ReadBytes(ref reader));
            case 21:
                Pack.ExpectFields(tag, count, 4);
                return new PeerMessage.ForwardRefused(from, to, reader.ReadUInt64(),
                    Pack.ReadList(ref reader, static (ref MessagePackReader r) => r.ReadUInt64()));
            case 22:
                Pack.ExpectFields(tag, count, 4);
                return new PeerMessage.AskRead(from, to, reader.ReadUInt64(), reader.ReadUInt64());
            case 23:
                Pack.ExpectFields(tag, count, 5);
                return new PeerMessage.AnswerRead(from, to, reader.ReadUInt64(), reader.ReadUInt64(),
                    reader.TryReadNil() ? null : new LogIndex(reader.ReadUInt64()));
            case 24:
                Pack.ExpectFields(tag, count, 5);
                return new PeerMessage.AskChange(from, to, reader.ReadUInt64(), reader.ReadUInt64(), MembershipCodec.ReadRequest(ref reader));
            case 25:
                Pack.ExpectFields(tag, count, 5);
                return new PeerMessage.AnswerChange(from, to, reader.ReadUInt64(), reader.ReadUInt64(),
                    reader.TryReadNil() ? null : MembershipCodec.ReadOutcome(ref reader));
            case 26:
                Pack.ExpectFields(tag, count, 2);
                return new PeerMessage.Ping(from, to);
            case 43:
                Pack.ExpectFields(tag, count, 3);
                return new PeerMessage.DiskFull(from, to, Pack.ReadString(ref reader));
            case 40:
                Pack.ExpectFields(tag, count, 3);
                return new PeerMessage.AskHash(from, to, ReadIndex(ref reader));
            case 41:
                Pack.ExpectFields(tag, count, 4);
                return new PeerMessage.AnswerHash(from, to, ReadIndex(ref reader), reader.ReadUInt64());
            case 42:
                Pack.ExpectFields(tag, count, 4);
                return new PeerMessage.HashDiffers(from, to, ReadIndex(ref reader), reader.ReadUInt64());
            default:
                throw Pack.Unknown("message", tag);
        }
    }

    private static Message ReadConsensus(ref MessagePackReader reader, int tag, int count, ReplicaId from, ReplicaId to)
    {
        var expected = tag switch { 1 => 2, 2 => 1, 3 => 3, 4 => 1, 5 => 4, 6 => 1, 7 => 3, 8 => 2, 9 => 1, 10 => 1, 11 => 0, _ => throw Pack.Unknown("message", tag) };
        Pack.ExpectFields(tag, count, expected + 3);
        var term = new Term(reader.ReadUInt64());
        return tag switch
        {
            1 => new PreVoteRequest(from, to, term, ReadIndex(ref reader), ReadTerm(ref reader)),
            2 => new PreVoteResponse(from, to, term, reader.ReadBoolean()),
            3 => new VoteRequest(from, to, term, ReadIndex(ref reader), ReadTerm(ref reader), reader.ReadBoolean()),
            4 => new VoteResponse(from, to, term, reader.ReadBoolean()),
            5 => new Append(from, to, term, ReadIndex(ref reader), ReadTerm(ref reader), Pack.ReadList(ref reader, EntryCodec.ReadEntry), ReadIndex(ref reader)),
            6 => new AppendAccepted(from, to, term, ReadIndex(ref reader)),
            7 => new AppendRejected(from, to, term, ReadIndex(ref reader), ReadIndex(ref reader), ReadTerm(ref reader)),
            8 => new Heartbeat(from, to, term, ReadIndex(ref reader), reader.ReadUInt64()),
            9 => new HeartbeatResponse(from, to, term, reader.ReadUInt64()),
            10 => new InstallSnapshot(from, to, term, EntryCodec.ReadMark(ref reader)),
            _ => new TimeoutNow(from, to, term),
        };
    }

    private static LogIndex ReadIndex(ref MessagePackReader reader) => new(reader.ReadUInt64());

    private static Term ReadTerm(ref MessagePackReader reader) => new(reader.ReadUInt64());

    private static void Begin(ref MessagePackWriter writer, int tag, PeerMessage message, int fieldCount)
    {
        writer.WriteArrayHeader(fieldCount + 3);
        writer.Write(tag);
        writer.Write(message.From.Value);
        writer.Write(message.To.Value);
    }

    private static void Begin(ref MessagePackWriter writer, int tag, Message message, int fieldCount)
    {
        writer.WriteArrayHeader(fieldCount + 4);
        writer.Write(tag);
        writer.Write(message.From.Value);
        writer.Write(message.To.Value);
        writer.Write(message.Term.Value);
    }
}
