using System.Text;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using Google.Protobuf;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Etcd.Client;

/// <summary>Where things lie in etcd.</summary>
/// <remarks>
/// Under the prefix <c>/controlplane/</c>: <c>/controlplane/data</c> followed by the store's key (<c>/controlplane/data/registry/pods/default/web</c>);
/// <c>leader</c>, which holds the leader's name under its lease; <c>servers/NAME</c>, which holds a server's address under the server's lease;
/// <c>compacted</c>, the revision up to which the leader let etcd forget, in decimal digits; <c>pulse</c>, written to learn how far a watch is.
/// </remarks>
internal sealed class KeyLayout
{
    private readonly byte[] _data;

    public KeyLayout(string prefix)
    {
        if (!prefix.EndsWith('/')) prefix += "/";
        var area = Encoding.UTF8.GetBytes(prefix);
        First = ByteString.CopyFrom(area);
        End = After(area);
        _data = [.. area, .. "data"u8];
        DataEnd = After(_data);
        Leader = ByteString.CopyFromUtf8(prefix + "leader");
        Servers = ByteString.CopyFromUtf8(prefix + "servers/");
        Compacted = ByteString.CopyFromUtf8(prefix + "compacted");
        Pulse = ByteString.CopyFromUtf8(prefix + "pulse");
    }

    /// <summary>The lowest key of all, and the first above all.</summary>
    public ByteString First { get; }

    public ByteString End { get; }

    /// <summary>The first key above the store's.</summary>
    public ByteString DataEnd { get; }

    public ByteString Leader { get; }

    /// <summary>A prefix; a name follows.</summary>
    public ByteString Servers { get; }

    public ByteString Compacted { get; }

    public ByteString Pulse { get; }

    public ByteString Server(string name) => ByteString.CopyFrom([.. Servers.Span, .. Encoding.UTF8.GetBytes(name)]);

    /// <summary>etcd's key for a key of the store.</summary>
    public ByteString InEtcd(ReadOnlySpan<byte> key)
    {
        var whole = new byte[_data.Length + key.Length];
        _data.CopyTo(whole, 0);
        key.CopyTo(whole.AsSpan(_data.Length));
        return UnsafeByteOperations.UnsafeWrap(whole);
    }

    /// <summary>etcd's <c>range_end</c> for an end of the store: null is "no range", empty "to the last key".</summary>
    public ByteString EndInEtcd(ReadOnlyMemory<byte>? end) => end switch
    {
        null => ByteString.Empty,
        { IsEmpty: true } => DataEnd,
        { } bound => InEtcd(bound.Span),
    };

    /// <summary>The store's key; the bytes are shared with <paramref name="key"/>.</summary>
    public bool TryFromEtcd(ByteString key, out ReadOnlyMemory<byte> inStore)
    {
        var isData = key.Span.StartsWith(_data);
        inStore = isData ? key.Memory[_data.Length..] : default;
        return isData;
    }

    /// <summary>The store's record; key and value are shared with the message.</summary>
    /// <exception cref="InvariantViolationException">The key is none of the store's.</exception>
    public Record ToRecord(KeyValue message)
    {
        Invariant.That(TryFromEtcd(message.Key, out var key));
        return new Record(key, message.Value.Memory, new Revision(message.CreateRevision), new Revision(message.ModRevision), message.Version, new LeaseId(message.Lease));
    }

    /// <summary>The first key that does not begin with <paramref name="prefix"/>, whose last byte is below 255.</summary>
    private static ByteString After(byte[] prefix)
    {
        byte[] end = [.. prefix];
        end[^1]++;
        return ByteString.CopyFrom(end);
    }
}
