namespace ControlPlane.Commands;

/// <summary>Says what is going on when something takes longer than a second, on standard error.</summary>
internal static class SlowWork
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Waits for the work; after a second a line appears, on a terminal with the seconds counting, and goes when the work is done.</summary>
    public static async Task<T> ShowAsync<T>(Terminal terminal, string what, Task<T> work, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var started = time.GetTimestamp();
        var hasSpoken = false;
        while (await Task.WhenAny(work, Task.Delay(Patience, time)) != work)
        {
            if (terminal.IsErrorInteractive) terminal.Error.Write($"\r{what} ... {time.GetElapsedTime(started).TotalSeconds:F0} s ");
            else if (!hasSpoken) terminal.Error.WriteLine($"{what} ...");
            hasSpoken = true;
        }

        if (hasSpoken && terminal.IsErrorInteractive) terminal.Error.Write($"\r{new string(' ', Math.Min(what.Length + 16, terminal.Width - 1))}\r");
        return await work;
    }
}
