namespace ControlPlane.Api.Kinds;

/// <summary>Durations as kubectl shows them: the two largest units that matter, <c>5s</c>, <c>2m30s</c>, <c>3h5m</c>, <c>2d4h</c>.</summary>
public static class HumanDuration
{
    private const long Minute = 60;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;
    private const long Year = 365 * Day;

    public static string Format(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        return seconds switch
        {
            < -1 => "<invalid>",
            < 0 => "0s",
            < 2 * Minute => $"{seconds}s",
            < 10 * Minute => Two(seconds / Minute, "m", seconds % Minute, "s"),
            < 3 * Hour => $"{seconds / Minute}m",
            < 8 * Hour => Two(seconds / Hour, "h", seconds % Hour / Minute, "m"),
            < 2 * Day => $"{seconds / Hour}h",
            < 8 * Day => Two(seconds / Day, "d", seconds % Day / Hour, "h"),
            < 2 * Year => $"{seconds / Day}d",
            < 8 * Year => Two(seconds / Year, "y", seconds % Year / Day, "d"),
            _ => $"{seconds / Year}y",
        };
    }

    private static string Two(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{large}{largeUnit}" : $"{large}{largeUnit}{small}{smallUnit}";
}
