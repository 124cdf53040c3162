using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace ControlPlane.Dashboard.Login;

/// <summary>Login tokens in memory: as many as were issued and not yet redeemed. Safe from any thread.</summary>
public sealed class OneTimeTokens : IDashboardLogin
{
    private const int TokenSizeBytes = 32;

    // By hash: looking a token up tells nothing of how much of it was right.
    private readonly ConcurrentDictionary<string, bool> _issued = new();

    /// <summary>A new token for one login link; it fits a URL fragment.</summary>
    public string Issue()
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSizeBytes));
        _issued[Hash(token)] = true;
        return token;
    }

    public bool TryRedeem(string token) => _issued.TryRemove(Hash(token), out _);

    private static string Hash(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
