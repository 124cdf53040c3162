using System.Text;
using ControlPlane.Store;

namespace ControlPlane.Simulation.Clients;

/// <summary>How values look: a token that is written once only, and padding that makes the log roll.</summary>
internal static class Values
{
    private const byte PaddingStart = (byte)'|';

    public static bool IsList(string key) => key.StartsWith("list", StringComparison.Ordinal);

    /// <param name="paddingBytes">Zeros after the token: a torn sector looks just like them.</param>
    public static byte[] Encode(string token, int paddingBytes)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(token) + 1 + paddingBytes];
        var length = Encoding.UTF8.GetBytes(token, bytes);
        bytes[length] = PaddingStart;
        return bytes;
    }

    /// <summary>Null when there is no record.</summary>
    public static string? TokenOf(Record? record)
    {
        if (record is null) return null;
        var length = record.Value.Span.IndexOf(PaddingStart);
        return Encoding.UTF8.GetString(record.Value.Span[..length]);
    }

    public static IReadOnlyList<string> ElementsOf(string? token) => string.IsNullOrEmpty(token) ? [] : token.Split(' ');
}
