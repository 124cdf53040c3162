namespace ControlPlane.Commands;

/// <summary>Where a command speaks: results on <see cref="Out"/>, everything else on <see cref="Error"/>, colour only for eyes.</summary>
internal sealed class Terminal(TextWriter @out, TextWriter error, TextReader @in, bool hasColor = false, bool isErrorInteractive = false, int width = 120)
{
    public TextWriter Out => @out;

    public TextWriter Error => error;

    public TextReader In => @in;

    /// <summary>Whether <see cref="Out"/> is a terminal that wants colour.</summary>
    public bool HasColor => hasColor;

    /// <summary>Whether <see cref="Error"/> is a terminal: progress may overwrite itself there.</summary>
    public bool IsErrorInteractive => isErrorInteractive;

    /// <summary>Columns of the terminal, or a sensible number.</summary>
    public int Width => width;

    /// <summary>The process's own. <c>NO_COLOR</c> and <c>TERM=dumb</c> are respected.</summary>
    public static Terminal OfProcess()
    {
        var isPlain = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) || Environment.GetEnvironmentVariable("TERM") == "dumb";
        return new(
            Console.Out,
            Console.Error,
            Console.In,
            !Console.IsOutputRedirected && !isPlain,
            !Console.IsErrorRedirected && !isPlain,
            Console.IsOutputRedirected ? 120 : Math.Max(40, Console.WindowWidth));
    }

    /// <summary>Text in a colour, when colours are wanted.</summary>
    public string Paint(string text, Color color) => hasColor ? $"\e[{(int)color}m{text}\e[0m" : text;
}

/// <summary>Few and with a meaning; each is also said in words.</summary>
internal enum Color
{
    /// <summary>Failed.</summary>
    Red = 31,

    /// <summary>Done.</summary>
    Green = 32,

    /// <summary>Worth a look.</summary>
    Yellow = 33,

    /// <summary>In the background.</summary>
    Gray = 90,

    /// <summary>A name one follows with the eye.</summary>
    Cyan = 36,
}
