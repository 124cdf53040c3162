using ControlPlane.Commands;

namespace ControlPlane.Following;

/// <summary>The look of a followed run: time, who, what happened; log lines behind a bar.</summary>
internal sealed class FollowPrinter(Terminal terminal, TimeProvider time)
{
    // Wide enough for "job/" and the usual generated names; longer ones push their own line only.
    private const int NameWidthMin = 12;
    private const int NameWidthMax = 40;

    private readonly long _started = time.GetTimestamp();
    private int _nameWidth = NameWidthMin;

    /// <summary>Something happened to an object.</summary>
    public void Say(string who, string what, Color? color = null)
    {
        var text = color is { } tint ? terminal.Paint(what, tint) : what;
        terminal.Out.WriteLine($"{Time()}  {Name(who)}  {text}");
        terminal.Out.Flush();
    }

    /// <summary>A line of a container's output. On a terminal a line that would fill the screen is cut, with what was left out.</summary>
    public void Log(string who, string line)
    {
        var room = Math.Max(20, terminal.Width - _nameWidth - 32);
        if (terminal.HasColor && line.Length > room) line = line[..room] + terminal.Paint($" ... {line.Length - room} more characters", Color.Gray);
        terminal.Out.WriteLine($"{Time()}  {Name(who)}{terminal.Paint("|", Color.Gray)} {line}");
        terminal.Out.Flush();
    }

    /// <summary>A sentence of its own.</summary>
    public void Close(string sentence, Color color)
    {
        terminal.Out.WriteLine(terminal.Paint(sentence, color));
        terminal.Out.Flush();
    }

    private string Time() => terminal.Paint($"{time.GetElapsedTime(_started).TotalSeconds,6:F1}s", Color.Gray);

    private string Name(string who)
    {
        _nameWidth = Math.Max(_nameWidth, Math.Min(who.Length + 1, NameWidthMax));
        return terminal.Paint(who.PadRight(_nameWidth), Color.Cyan);
    }
}
