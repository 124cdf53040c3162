using System.Text;

namespace ControlPlane.Controllers.Runtime;

/// <summary>A hash for names: the same in every process and version, which <see cref="string.GetHashCode()"/> is not.</summary>
internal static class StableHash
{
    /// <summary>FNV-1a over the UTF-8 bytes, then a finaliser that spreads the low bits.</summary>
    public static ulong Of(string text)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var octet in Encoding.UTF8.GetBytes(text)) hash = (hash ^ octet) * 1_099_511_628_211UL;
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccdUL;
        return hash ^ (hash >> 33);
    }
}
