namespace ControlPlane.Client.Yaml;

/// <summary>A file of the user's cannot be read: where, what is wrong, and what to do. The message says all three.</summary>
public sealed class ManifestException : Exception
{
    /// <param name="file">As the user named it.</param>
    /// <param name="line">From 1; 0 when the whole file is meant.</param>
    /// <param name="column">From 1; 0 when the whole line is meant.</param>
    /// <param name="problem">What is wrong, without a full stop.</param>
    /// <param name="remedy">What to do, without a full stop.</param>
    public ManifestException(string file, long line, long column, string problem, string remedy, Exception? inner = null)
        : base($"{file}{(line > 0 ? $":{line}" : "")}{(column > 0 ? $":{column}" : "")}: {problem}; {remedy}", inner)
    {
        File = file;
        Line = line;
        Column = column;
    }

    public string File { get; }

    public long Line { get; }

    public long Column { get; }
}
