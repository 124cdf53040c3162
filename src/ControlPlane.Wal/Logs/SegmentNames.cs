using System.Globalization;

namespace ControlPlane.Wal.Logs;

/// <summary>Names of the log's files: <c>wal-0000000000000007.log</c>, spares <c>spare-0000000000000003.log</c>, half-made ones <c>*.new</c>.</summary>
internal static class SegmentNames
{
    public const string Temporary = "segment.new";

    public static string Of(ulong sequence) => $"wal-{sequence:x16}.log";

    public static string SpareOf(ulong sequence) => $"spare-{sequence:x16}.log";

    public static bool IsSpare(string name) => TryParse(name, "spare-", out _);

    public static bool TryParse(string name, out ulong sequence) => TryParse(name, "wal-", out sequence);

    private static bool TryParse(string name, string prefix, out ulong sequence)
    {
        sequence = 0;
        return name.Length == prefix.Length + 16 + 4
            && name.StartsWith(prefix, StringComparison.Ordinal)
            && name.EndsWith(".log", StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(prefix.Length, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence);
    }
}
