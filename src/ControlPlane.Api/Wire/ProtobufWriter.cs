using System.Buffers;
using System.Text;

namespace ControlPlane.Api.Wire;

/// <summary>Writes protobuf forwards, a nested message at a time: simple, and good enough for what is made once.</summary>
internal sealed class ProtobufWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public ProtobufWriter Text(int field, string? text)
    {
        if (text is not null) Bytes(field, Encoding.UTF8.GetBytes(text));
        return this;
    }

    public ProtobufWriter Flag(int field, bool flag)
    {
        if (!flag) return this;
        Varint((ulong)field << 3);
        Varint(1);
        return this;
    }

    /// <summary>A nested message, written by <paramref name="write"/>.</summary>
    public ProtobufWriter Message(int field, Action<ProtobufWriter> write)
    {
        var inner = new ProtobufWriter();
        write(inner);
        Bytes(field, inner.Written);
        return this;
    }

    private void Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)bytes.Length);
        _buffer.Write(bytes);
    }

    private void Varint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[10];
        var count = 0;
        for (; value >= 0x80; value >>= 7) bytes[count++] = (byte)(value | 0x80);
        bytes[count++] = (byte)value;
        _buffer.Write(bytes[..count]);
    }
}
