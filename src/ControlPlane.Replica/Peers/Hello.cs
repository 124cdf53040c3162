using ControlPlane.Raft;
using ControlPlane.Replica.Codecs;
using MessagePack;

namespace ControlPlane.Replica.Peers;

internal enum ConnectionKind
{
    Messages = 0,
    Snapshot = 1,
}

/// <summary>The first frame on a connection: who calls whom, in which cluster, and what for.</summary>
internal sealed record Hello(int Version, Guid ClusterId, ReplicaId From, ReplicaId To, ConnectionKind Kind)
{
    public const int CurrentVersion = 1;

    public byte[] Encode() => Pack.Write(this, static (ref MessagePackWriter writer, Hello hello) =>
    {
        writer.WriteArrayHeader(5);
        writer.Write(hello.Version);
        writer.Write(hello.ClusterId.ToByteArray(bigEndian: true));
        writer.Write(hello.From.Value);
        writer.Write(hello.To.Value);
        writer.Write((int)hello.Kind);
    });

    /// <exception cref="InvalidDataException">Not a hello.</exception>
    public static Hello Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, static (ref MessagePackReader reader) =>
    {
        Pack.Expect(ref reader, 5);
        var version = reader.ReadInt32();
        var cluster = Pack.ReadBytes(ref reader);
        if (cluster.Length != 16) throw new InvalidDataException($"a cluster id has 16 bytes, not {cluster.Length}");
        return new Hello(version, new Guid(cluster.Span, bigEndian: true), new ReplicaId(reader.ReadUInt64()), new ReplicaId(reader.ReadUInt64()), (ConnectionKind)reader.ReadInt32());
    });
}

/// <summary>The answer: empty text is welcome, anything else says why not.</summary>
internal static class Welcome
{
    public static byte[] Encode(string refusal) => Pack.Write(refusal, static (ref MessagePackWriter writer, string text) => writer.Write(text));

    public static string Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, Pack.ReadString);
}
