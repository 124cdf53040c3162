using System.Diagnostics.CodeAnalysis;

namespace ControlPlane.Etcd.Keys;

/// <summary>Keys compared by their bytes, also by bytes that lie elsewhere.</summary>
internal sealed class ByteKeys : IEqualityComparer<ReadOnlyMemory<byte>>, IAlternateEqualityComparer<ReadOnlySpan<byte>, ReadOnlyMemory<byte>>
{
    public static readonly ByteKeys Comparer = new();

    public bool Equals(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right) => left.Span.SequenceEqual(right.Span);

    public int GetHashCode([DisallowNull] ReadOnlyMemory<byte> key) => GetHashCode(key.Span);

    public bool Equals(ReadOnlySpan<byte> left, ReadOnlyMemory<byte> right) => left.SequenceEqual(right.Span);

    public int GetHashCode(ReadOnlySpan<byte> key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        return hash.ToHashCode();
    }

    public ReadOnlyMemory<byte> Create(ReadOnlySpan<byte> key) => key.ToArray();
}
