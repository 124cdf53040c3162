using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ControlPlane.Etcd.Hosting;

/// <summary>As much of HPACK (RFC 7541) as it takes to find a literal <c>:authority</c> among compressed headers and to take the scheme off it.</summary>
/// <remarks>
/// The receiver's table gets the shorter value. An entry that is smaller than its sender thinks never makes an index point elsewhere: it can only stay longer than the sender counts on.
/// Example: <c>41 8C 9D 29 AE E3 …</c> (literal, name 1, twelve bytes in Huffman's code that spell <c>http://…</c>) becomes <c>41 09 …</c> (nine plain bytes).
/// </remarks>
internal static class HeaderBlock
{
    // Of the static table.
    private const int AuthorityName = 1;

    private static readonly string[] Schemes = ["http://", "https://"];

    private static readonly Dictionary<(int Bits, int Code), char> Symbols = MakeSymbols();

    /// <summary>False when there is nothing to correct, or nothing that this can read.</summary>
    public static bool TryCorrectAuthority(ReadOnlySpan<byte> block, [NotNullWhen(true)] out byte[]? corrected)
    {
        corrected = null;
        for (var at = 0; at < block.Length;)
        {
            var first = block[at];
            // Indexed, a literal to remember, a new table size, or a literal not to remember.
            var prefixBits = first >= 0x80 ? 7 : first >= 0x40 ? 6 : first >= 0x20 ? 5 : 4;
            if (!TryReadInteger(block, prefixBits, ref at, out var name)) return false;
            if (prefixBits is 7 or 5) continue;
            if (name == 0 && !TryReadString(block, ref at, out _, out _)) return false;
            var start = at;
            if (!TryReadString(block, ref at, out var value, out var isCoded)) return false;
            if (name != AuthorityName) continue;

            var authority = isCoded ? Decode(value) : Encoding.ASCII.GetString(value);
            var scheme = Schemes.FirstOrDefault(scheme => authority is not null && authority.StartsWith(scheme, StringComparison.Ordinal));
            if (scheme is null) return false;
            var plain = Encoding.ASCII.GetBytes(authority![scheme.Length..]);
            // Longer lengths take more than one byte; no host and port has them.
            if (plain.Length >= 127) return false;
            corrected = [.. block[..start], (byte)plain.Length, .. plain, .. block[at..]];
            return true;
        }

        return false;
    }

    private static bool TryReadInteger(ReadOnlySpan<byte> block, int prefixBits, ref int at, out int value)
    {
        value = 0;
        if (at >= block.Length) return false;
        var mask = (1 << prefixBits) - 1;
        value = block[at++] & mask;
        if (value < mask) return true;
        for (var shift = 0; shift <= 21; shift += 7)
        {
            if (at >= block.Length) return false;
            value += (block[at] & 0x7F) << shift;
            if (block[at++] < 0x80) return true;
        }

        return false;
    }

    private static bool TryReadString(ReadOnlySpan<byte> block, ref int at, out ReadOnlySpan<byte> value, out bool isCoded)
    {
        value = default;
        isCoded = at < block.Length && block[at] >= 0x80;
        if (!TryReadInteger(block, 7, ref at, out var length) || length > block.Length - at) return false;
        value = block.Slice(at, length);
        at += length;
        return true;
    }

    /// <summary>Null when it holds characters that no host, port or scheme has.</summary>
    private static string? Decode(ReadOnlySpan<byte> coded)
    {
        var text = new StringBuilder();
        int code = 0, bits = 0;
        foreach (var one in coded)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                code = code << 1 | (one >> bit & 1);
                bits++;
                if (Symbols.TryGetValue((bits, code), out var symbol))
                {
                    text.Append(symbol);
                    (code, bits) = (0, 0);
                }
                else if (bits > 13)
                {
                    return null;
                }
            }
        }

        // What is left is filled up with ones.
        return bits < 8 && code == (1 << bits) - 1 ? text.ToString() : null;
    }

    /// <summary>The code of RFC 7541, appendix B, for characters of hosts and ports: codes of one length count up from the first.</summary>
    private static Dictionary<(int Bits, int Code), char> MakeSymbols()
    {
        var symbols = new Dictionary<(int, int), char>();
        Add(5, 0b00000, "012aceiost");
        Add(6, 0b010110, "-./3456789");
        Add(6, 0b100010, "_bdfghlmnpru");
        Add(7, 0b1011100, ":");
        Add(7, 0b1110100, "jkqvwxyz");
        Add(13, 0b1111111111011, "[");
        Add(13, 0b1111111111100, "]");
        return symbols;

        void Add(int bits, int first, string characters)
        {
            for (var index = 0; index < characters.Length; index++) symbols.Add((bits, first + index), characters[index]);
        }
    }
}
