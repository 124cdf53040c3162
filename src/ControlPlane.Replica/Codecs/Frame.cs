using System.Buffers.Binary;
using System.Numerics;

namespace ControlPlane.Replica.Codecs;

/// <summary>Length (4 bytes, little-endian), CRC-32C of the payload (4 bytes, little-endian), payload.</summary>
/// <remarks>Around every message between members and every part of a snapshot. Example, payload <c>61 62 63</c>: <c>03 00 00 00 B7 3F 4B 36 61 62 63</c>.</remarks>
internal static class Frame
{
    public const int HeaderSizeBytes = 8;

    // 64 MiB: far above the largest append (1 MiB of entries, or one entry of some MiB), and low enough that a damaged length asks for nothing absurd.
    public const int PayloadSizeBytesMax = 64 << 20;

    public static void WriteHeader(Span<byte> header, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Checksum(payload));
    }

    /// <exception cref="InvalidDataException">The length is absurd.</exception>
    public static int PayloadSizeOf(ReadOnlySpan<byte> header)
    {
        var sizeBytes = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (sizeBytes is < 0 or > PayloadSizeBytesMax) throw new InvalidDataException($"a frame of {sizeBytes} bytes");
        return sizeBytes;
    }

    /// <exception cref="InvalidDataException">The payload is damaged.</exception>
    public static void Check(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != Checksum(payload)) throw new InvalidDataException("a frame's checksum does not fit its bytes");
    }

    public static async ValueTask WriteAsync(Stream stream, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderSizeBytes];
        WriteHeader(header, payload.Span);
        await stream.WriteAsync(header, cancellationToken);
        await stream.WriteAsync(payload, cancellationToken);
    }

    /// <summary>The next payload, or null when the stream ends between frames. The caller owns the array.</summary>
    /// <exception cref="InvalidDataException">Cut or damaged.</exception>
    public static async ValueTask<byte[]?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderSizeBytes];
        var read = await stream.ReadAtLeastAsync(header, HeaderSizeBytes, throwOnEndOfStream: false, cancellationToken);
        if (read == 0) return null;
        if (read < HeaderSizeBytes) throw new InvalidDataException("the stream ends within a frame");
        var payload = new byte[PayloadSizeOf(header)];
        if (await stream.ReadAtLeastAsync(payload, payload.Length, throwOnEndOfStream: false, cancellationToken) < payload.Length)
        {
            throw new InvalidDataException("the stream ends within a frame");
        }

        Check(header, payload);
        return payload;
    }

    /// <summary>CRC-32C (Castagnoli), as in iSCSI: initial value and final xor all ones.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var last in bytes) crc = BitOperations.Crc32C(crc, last);
        return ~crc;
    }
}
