using ControlPlane.Raft;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using MessagePack;

namespace ControlPlane.Replica.Peers;

internal enum ConnectionKind
{
    Messages = 0,
    Snapshot = 1,

    /// <summary>A server that was added and has no data yet asks who it is; see <see cref="JoinAnswer"/>.</summary>
    Join = 2,
}

/// <summary>The first frame on a connection: who calls whom, in which cluster, and what for.</summary>
/// <param name="ClusterId">Empty in a <see cref="ConnectionKind.Join"/>, as are the ids.</param>
/// <param name="Caller">What the caller says about itself.</param>
/// <param name="Address">Where the caller listens for peers, as it was told; empty when it was not.</param>
internal sealed record Hello(int Version, Guid ClusterId, ReplicaId From, ReplicaId To, ConnectionKind Kind, Introduction Caller, string Address)
{
    public const int CurrentVersion = 2;

    public byte[] Encode() => Pack.Write(this, static (ref MessagePackWriter writer, Hello hello) =>
    {
        writer.WriteArrayHeader(9);
        writer.Write(hello.Version);
        writer.Write(hello.ClusterId.ToByteArray(bigEndian: true));
        writer.Write(hello.From.Value);
        writer.Write(hello.To.Value);
        writer.Write((int)hello.Kind);
        writer.Write(hello.Caller.Name);
        writer.Write(hello.Caller.DiskId);
        writer.Write(hello.Caller.Level);
        writer.Write(hello.Address);
    });

    /// <exception cref="InvalidDataException">Not a hello.</exception>
    public static Hello Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, static (ref MessagePackReader reader) =>
    {
        // Five fields are version 1: read as far as it takes to refuse it by its number.
        var isOld = Pack.ExpectOneOf(ref reader, 5, 9) == 5;
        var version = reader.ReadInt32();
        var cluster = Pack.ReadBytes(ref reader);
        if (cluster.Length != 16) throw new InvalidDataException($"a cluster id has 16 bytes, not {cluster.Length}");
        var (from, to, kind) = (new ReplicaId(reader.ReadUInt64()), new ReplicaId(reader.ReadUInt64()), (ConnectionKind)reader.ReadInt32());
        var caller = isOld ? new Introduction("", 0, 0) : new Introduction(Pack.ReadString(ref reader), reader.ReadUInt64(), reader.ReadInt32());
        return new Hello(version, new Guid(cluster.Span, bigEndian: true), from, to, kind, caller, isOld ? "" : Pack.ReadString(ref reader));
    });
}
