using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Replica.Codecs;
using MessagePack;

namespace ControlPlane.Replica.Peers;

/// <summary>Who a server is that was added and starts for the first time.</summary>
/// <param name="Member">Its id.</param>
/// <param name="Group">The newest committed configuration; the server is in it.</param>
internal sealed record JoinAnswer(Guid ClusterId, ReplicaId Member, Configuration Group)
{
    public byte[] Encode() => Pack.Write(this, static (ref MessagePackWriter writer, JoinAnswer answer) =>
    {
        writer.WriteArrayHeader(3);
        writer.Write(answer.ClusterId.ToByteArray(bigEndian: true));
        writer.Write(answer.Member.Value);
        EntryCodec.Write(ref writer, answer.Group);
    });

    /// <exception cref="InvalidDataException">Not an answer.</exception>
    public static JoinAnswer Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, static (ref MessagePackReader reader) =>
    {
        Pack.Expect(ref reader, 3);
        var cluster = Pack.ReadBytes(ref reader);
        if (cluster.Length != 16) throw new InvalidDataException($"a cluster id has 16 bytes, not {cluster.Length}");
        return new JoinAnswer(new Guid(cluster.Span, bigEndian: true), new ReplicaId(reader.ReadUInt64()), EntryCodec.ReadConfiguration(ref reader));
    });
}
