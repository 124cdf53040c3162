using System.Buffers.Binary;

namespace ControlPlane.Simulation.Worlds;

/// <summary>Folds numbers and bytes into 64 bits; the same on every machine and in every process.</summary>
internal struct Fingerprint
{
    private ulong _value;

    public readonly ulong Value => _value;

    public void Add(ulong number)
    {
        var high = Math.BigMul(_value ^ number ^ 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, out var low);
        _value = high ^ low ^ ulong.RotateLeft(_value, 23);
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Add((ulong)bytes.Length);
        while (bytes.Length >= 8)
        {
            Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        ulong rest = 0;
        foreach (var one in bytes) rest = (rest << 8) | one;
        Add(rest);
    }

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var print = default(Fingerprint);
        print.Add(bytes);
        return print.Value;
    }
}
