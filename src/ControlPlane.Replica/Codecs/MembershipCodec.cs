using ControlPlane.Raft;
using ControlPlane.Replica.Turns;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>Wishes for the group and what became of them, within messages between members; layout in docs/formats/peers.md.</summary>
internal static class MembershipCodec
{
    public static void Write(ref MessagePackWriter writer, MembershipRequest request)
    {
        switch (request)
        {
            case MembershipRequest.AddLearner(var name, var address):
                Begin(ref writer, 1, 2);
                writer.Write(name);
                writer.Write(address);
                break;
            case MembershipRequest.Promote(var member):
                Begin(ref writer, 2, 1);
                writer.Write(member.Value);
                break;
            case MembershipRequest.Remove(var member):
                Begin(ref writer, 3, 1);
                writer.Write(member.Value);
                break;
            case MembershipRequest.UpdateAddress(var member, var address):
                Begin(ref writer, 4, 2);
                writer.Write(member.Value);
                writer.Write(address);
                break;
            case MembershipRequest.MoveLeader(var target):
                Begin(ref writer, 5, 1);
                if (target is { } wanted) writer.Write(wanted.Value);
                else writer.WriteNil();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(request), request, null);
        }
    }

    public static MembershipRequest ReadRequest(ref MessagePackReader reader)
    {
        var (tag, count) = Pack.ReadTag(ref reader);
        Pack.ExpectFields(tag, count, tag is 1 or 4 ? 2 : 1);
        return tag switch
        {
            1 => new MembershipRequest.AddLearner(reader.ReadString(), Pack.ReadString(ref reader)),
            2 => new MembershipRequest.Promote(new ReplicaId(reader.ReadUInt64())),
            3 => new MembershipRequest.Remove(new ReplicaId(reader.ReadUInt64())),
            4 => new MembershipRequest.UpdateAddress(new ReplicaId(reader.ReadUInt64()), Pack.ReadString(ref reader)),
            5 => new MembershipRequest.MoveLeader(reader.TryReadNil() ? null : new ReplicaId(reader.ReadUInt64())),
            _ => throw Pack.Unknown("wish for the group", tag),
        };
    }

    public static void Write(ref MessagePackWriter writer, MembershipOutcome outcome)
    {
        switch (outcome)
        {
            case MembershipOutcome.Done(var member):
                Begin(ref writer, 1, 5);
                writer.Write(member.Id.Value);
                writer.Write(member.Name);
                writer.Write(member.PeerAddress);
                writer.Write((int)member.Role);
                writer.Write(member.MatchIndex ?? -1);
                break;
            case MembershipOutcome.Refused(var problem, var reason):
                Begin(ref writer, 2, 2);
                writer.Write((int)problem);
                writer.Write(reason);
                break;
            case MembershipOutcome.Unknown(var reason):
                Begin(ref writer, 3, 1);
                writer.Write(reason);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null);
        }
    }

    public static MembershipOutcome ReadOutcome(ref MessagePackReader reader)
    {
        var (tag, count) = Pack.ReadTag(ref reader);
        switch (tag)
        {
            case 1:
                Pack.ExpectFields(tag, count, 5);
                var id = new MemberId(reader.ReadUInt64());
                var (name, address) = (Pack.ReadString(ref reader), Pack.ReadString(ref reader));
                var role = (MemberRole)reader.ReadInt32();
                var match = reader.ReadInt64();
                if (!Enum.IsDefined(role)) throw Pack.Unknown("role", (int)role);
                return new MembershipOutcome.Done(new MemberStatus(id, name, address, role, match < 0 ? null : match));
            case 2:
                Pack.ExpectFields(tag, count, 2);
                var problem = (MembershipProblem)reader.ReadInt32();
                if (!Enum.IsDefined(problem)) throw Pack.Unknown("problem", (int)problem);
                return new MembershipOutcome.Refused(problem, Pack.ReadString(ref reader));
            case 3:
                Pack.ExpectFields(tag, count, 1);
                return new MembershipOutcome.Unknown(Pack.ReadString(ref reader));
            default:
                throw Pack.Unknown("outcome of a change", tag);
        }
    }

    private static void Begin(ref MessagePackWriter writer, int tag, int fieldCount)
    {
        writer.WriteArrayHeader(fieldCount + 1);
        writer.Write(tag);
    }
}
