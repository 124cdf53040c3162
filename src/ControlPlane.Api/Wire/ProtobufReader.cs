using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Wire;

/// <summary>Reads protobuf's wire format from a span. Everything that does not fit is a refusal, never a read outside.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> bytes, string about)
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>The next field's number, and how its value is written: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.</summary>
    public int ReadTag(out int wireType)
    {
        var tag = ReadVarint();
        wireType = (int)(tag & 7);
        var number = tag >> 3;
        if (number is 0 or > 536_870_911) Fail("has a field number out of range");
        return (int)number;
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var i = 0; i < 10; i++)
        {
            if (i >= _rest.Length) Fail("is cut off in a number");
            var piece = _rest[i];
            value |= (ulong)(piece & 0x7f) << (7 * i);
            if (piece >= 0x80) continue;
            _rest = _rest[(i + 1)..];
            return value;
        }

        Fail("has a number of more than ten bytes");
        return 0;
    }

    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadVarint();
        if (length > (ulong)_rest.Length) Fail("is cut off");
        var value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return value;
    }

    public string ReadString()
    {
        var value = ReadBytes();
        try
        {
            return Utf8.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            Fail("has a text that is not UTF-8");
            return "";
        }
    }

    public double ReadDouble()
    {
        if (_rest.Length < 8) Fail("is cut off in a number");
        var value = BinaryPrimitives.ReadDoubleLittleEndian(_rest);
        _rest = _rest[8..];
        return value;
    }

    public void Skip(int wireType)
    {
        switch (wireType)
        {
            case 0:
                ReadVarint();
                break;
            case 1:
                ReadDouble();
                break;
            case 2:
                ReadBytes();
                break;
            case 5:
                if (_rest.Length < 4) Fail("is cut off in a number");
                _rest = _rest[4..];
                break;
            default:
                Fail($"has a value of wire type {wireType}, which this format does not use");
                break;
        }
    }

    [DoesNotReturn]
    public readonly void Fail(string problem) => throw ApiErrors.BadRequest($"the body is not valid Kubernetes protobuf: {about} {problem}");
}
