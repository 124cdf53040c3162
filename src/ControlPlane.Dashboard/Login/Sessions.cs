using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.Dashboard.Login;

/// <summary>Browsers that have logged in. Kept in memory: a restarted server prints a new link.</summary>
internal sealed class Sessions(TimeProvider time)
{
    private const string CookieName = "controlplane-dashboard";
    private const int IdSizeBytes = 32;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _ends = new();

    /// <summary>Gives the browser a cookie that scripts cannot read and other sites cannot send.</summary>
    public void Begin(HttpContext context)
    {
        var now = time.GetUtcNow();
        foreach (var (old, end) in _ends)
        {
            if (end <= now) _ends.TryRemove(old, out _);
        }

        var id = Convert.ToHexString(RandomNumberGenerator.GetBytes(IdSizeBytes));
        _ends[id] = now + Lifetime;
        context.Response.Cookies.Append(CookieName, id, new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, MaxAge = Lifetime, Path = "/" });
    }

    public bool Has(HttpContext context) =>
        context.Request.Cookies.TryGetValue(CookieName, out var id) && _ends.TryGetValue(id, out var end) && time.GetUtcNow() < end;

    public void End(HttpContext context)
    {
        if (context.Request.Cookies.TryGetValue(CookieName, out var id)) _ends.TryRemove(id, out _);
        context.Response.Cookies.Delete(CookieName);
    }
}
