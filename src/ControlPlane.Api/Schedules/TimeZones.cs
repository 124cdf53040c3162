using System.Diagnostics.CodeAnalysis;

namespace ControlPlane.Api.Schedules;

/// <summary>Finds time zones by IANA name, from the machine's zone data.</summary>
public static class TimeZones
{
    /// <summary>The zone of <c>spec.timeZone</c>; UTC for null.</summary>
    public static bool TryFind(string? name, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        zone = null;
        if (name is null or "UTC" or "Etc/UTC")
        {
            zone = TimeZoneInfo.Utc;
            return true;
        }

        // Names are file names below; nothing may climb out, and the spellings of other systems are not IANA's.
        if (name.Length == 0 || name[0] is '/' or '.' || name.Contains("..") || name.Contains('\\') || name.Contains(' ')) return false;
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone);
    }
}
