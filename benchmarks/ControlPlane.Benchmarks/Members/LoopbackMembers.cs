using System.Buffers.Binary;
using System.Net;
using DotNext.Buffers;
using DotNext.Net.Cluster.Consensus.Raft.Membership;

namespace ControlPlane.Benchmarks.Members;

/// <summary>The members of a DotNext cluster on loopback: an address is a port of four bytes.</summary>
internal sealed class LoopbackMembers : InMemoryClusterConfigurationStorage<EndPoint>
{
    public LoopbackMembers(IEnumerable<int> ports)
    {
        var members = CreateInitialConfigurationBuilder();
        foreach (var port in ports) members.Add(new IPEndPoint(IPAddress.Loopback, port));
        members.Build();
    }

    protected override void Encode(EndPoint address, ref BufferWriterSlim<byte> output)
    {
        Span<byte> port = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(port, ((IPEndPoint)address).Port);
        output.Write(port);
    }

    protected override EndPoint Decode(ref SequenceReader reader)
    {
        Span<byte> port = stackalloc byte[sizeof(int)];
        reader.Read(port);
        return new IPEndPoint(IPAddress.Loopback, BinaryPrimitives.ReadInt32LittleEndian(port));
    }
}
