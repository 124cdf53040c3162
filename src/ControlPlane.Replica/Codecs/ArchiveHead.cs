using ControlPlane.Raft.Membership;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>What the header of a saved snapshot says beside index and term: <c>[[voters, outgoing, learners, …], cluster id (16 bytes)]</c>. A member's own
/// snapshots have the configuration alone.</summary>
/// <param name="ClusterId">Null in a member's own snapshot.</param>
internal sealed record ArchiveHead(Configuration Configuration, Guid? ClusterId)
{
    public byte[] Encode() => Pack.Write(this, static (ref MessagePackWriter writer, ArchiveHead head) =>
    {
        writer.WriteArrayHeader(2);
        EntryCodec.Write(ref writer, head.Configuration);
        writer.Write(head.ClusterId!.Value.ToByteArray(bigEndian: true));
    });

    /// <exception cref="InvalidDataException">Neither of the two.</exception>
    public static ArchiveHead Decode(ReadOnlyMemory<byte> data)
    {
        // 92 is a list of two; a configuration has three or five parts.
        if (data.IsEmpty || data.Span[0] != 0x92) return new ArchiveHead(EntryCodec.DecodeConfiguration(data), null);
        return Pack.Read(data, static (ref MessagePackReader reader) =>
        {
            Pack.Expect(ref reader, 2);
            var configuration = EntryCodec.ReadConfiguration(ref reader);
            var cluster = Pack.ReadBytes(ref reader);
            if (cluster.Length != 16) throw new InvalidDataException($"a cluster id has 16 bytes, not {cluster.Length}");
            return new ArchiveHead(configuration, new Guid(cluster.Span, bigEndian: true));
        });
    }
}
