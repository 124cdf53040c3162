using System.Buffers;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>What the codecs share: strict arrays, bytes that are not copied, and one kind of error.</summary>
/// <remarks>MessagePack with arrays and integer tags. Strict on purpose: between members of one version an unknown tag, a missing field or a
/// trailing byte is damage, and silence about damage would become a wrong state.</remarks>
internal static class Pack
{
    private const int ScratchSizeBytes = 4 << 10;

    [ThreadStatic]
    private static FrameBuffer? _scratch;

    public delegate T Reading<out T>(ref MessagePackReader reader);

    public delegate void Writing<in T>(ref MessagePackWriter writer, T value);

    /// <summary>Reads one value that must fill <paramref name="data"/>.</summary>
    /// <exception cref="InvalidDataException">Cut, damaged, or followed by more.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> data, Reading<T> reading)
    {
        try
        {
            var reader = new MessagePackReader(data);
            var value = reading(ref reader);
            if (!reader.End) throw new InvalidDataException($"{data.Length - reader.Consumed} bytes follow the value");
            return value;
        }
        catch (Exception damage) when (damage is MessagePackSerializationException or EndOfStreamException or OverflowException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"no such value: {damage.Message}", damage);
        }
    }

    public static byte[] Write<T>(T value, Writing<T> writing)
    {
        // Each thread's own: a proposal of a megabyte would else leave a dozen grown and dropped arrays behind. What is returned is the caller's.
        var buffer = _scratch ??= new FrameBuffer(ScratchSizeBytes);
        buffer.Clear();
        Write(buffer, value, writing);
        return buffer.Written.ToArray();
    }

    public static void Write<T>(IBufferWriter<byte> target, T value, Writing<T> writing)
    {
        var writer = new MessagePackWriter(target);
        writing(ref writer, value);
        writer.Flush();
    }

    public static void Expect(ref MessagePackReader reader, int count)
    {
        var found = reader.ReadArrayHeader();
        if (found != count) throw new InvalidDataException($"{count} fields expected, {found} found");
    }

    /// <summary>For values that grew: the older count or the newer one.</summary>
    public static int ExpectOneOf(ref MessagePackReader reader, int older, int newer)
    {
        var found = reader.ReadArrayHeader();
        return found == older || found == newer ? found : throw new InvalidDataException($"{older} or {newer} fields expected, {found} found");
    }

    /// <summary>Reads the header of an array whose first element is its tag; the caller checks the count.</summary>
    public static (int Tag, int FieldCount) ReadTag(ref MessagePackReader reader)
    {
        var count = reader.ReadArrayHeader();
        if (count < 1) throw new InvalidDataException("a tag expected, nothing found");
        return (reader.ReadInt32(), count - 1);
    }

    public static void ExpectFields(int tag, int found, int expected)
    {
        if (found != expected) throw new InvalidDataException($"tag {tag} has {expected} fields, {found} found");
    }

    public static InvalidDataException Unknown(string what, int tag) => new($"unknown {what}: tag {tag}");

    /// <summary>Bytes as a window on the input; they live as long as the input's array.</summary>
    public static ReadOnlyMemory<byte> ReadBytes(ref MessagePackReader reader)
    {
        var bytes = reader.ReadBytes() ?? throw new InvalidDataException("bytes expected, nil found");
        return bytes.IsSingleSegment ? bytes.First : bytes.ToArray();
    }

    public static ReadOnlyMemory<byte>? ReadBytesOrNil(ref MessagePackReader reader)
    {
        // No conditional expression: in it, null would be taken for an empty memory, and "to the end" for "to nothing".
        if (reader.TryReadNil()) return null;
        return ReadBytes(ref reader);
    }

    public static string ReadString(ref MessagePackReader reader) => reader.ReadString() ?? throw new InvalidDataException("text expected, nil found");

    public static void WriteBytesOrNil(ref MessagePackWriter writer, ReadOnlyMemory<byte>? bytes)
    {
        if (bytes is { } present) writer.Write(present.Span);
        else writer.WriteNil();
    }

    public static List<T> ReadList<T>(ref MessagePackReader reader, Reading<T> reading)
    {
        // The header is checked against the bytes that are there, so that a damaged count cannot ask for more memory than the input has bytes.
        var count = reader.ReadArrayHeader();
        var list = new List<T>(count);
        for (var i = 0; i < count; i++) list.Add(reading(ref reader));
        return list;
    }

    public static void WriteList<T>(ref MessagePackWriter writer, IReadOnlyCollection<T> list, Writing<T> writing)
    {
        writer.WriteArrayHeader(list.Count);
        foreach (var item in list) writing(ref writer, item);
    }
}
