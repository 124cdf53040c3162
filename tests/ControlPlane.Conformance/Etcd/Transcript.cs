using System.Text;

namespace ControlPlane.Conformance.Etcd;

/// <summary>A text of commands and what they print. <c># …</c> is for the reader; <c>$ put a 1</c> is a command, and <c>~ …</c> one whose numbers differ from
/// run to run; <c>&lt; …</c> is a line of its standard input; everything else is output. A command that fails ends with <c>exit 1</c>.</summary>
internal static class Transcript
{
    /// <summary>Runs the commands of <paramref name="text"/> and returns the text with what they print now.</summary>
    public static async Task<string> ReplayAsync(string text, Etcdctl etcdctl)
    {
        var actual = new StringBuilder();
        var lines = text.Split('\n');
        for (var at = 0; at < lines.Length; at++)
        {
            var line = lines[at];
            if (line.StartsWith('#')) actual.Append(actual.Length > 0 ? "\n" : "").Append(line).Append('\n');
            if (!line.StartsWith("$ ", StringComparison.Ordinal) && !line.StartsWith("~ ", StringComparison.Ordinal)) continue;
            actual.Append(line).Append('\n');
            var input = new StringBuilder();
            for (; at + 1 < lines.Length && (lines[at + 1] is "<" || lines[at + 1].StartsWith("< ", StringComparison.Ordinal)); at++)
            {
                actual.Append(lines[at + 1]).Append('\n');
                input.Append(lines[at + 1].AsSpan(lines[at + 1].Length > 1 ? 2 : 1)).Append('\n');
            }

            var finished = await etcdctl.RunAsync(Words(line[2..]), input.Length > 0 ? input.ToString() : null);
            var printed = Etcdctl.Masked(finished, hidesNumbers: line[0] == '~');
            if (printed.Length > 0) actual.Append(printed).Append('\n');
            if (finished.ExitCode != 0) actual.Append("exit ").Append(finished.ExitCode).Append('\n');
        }

        return actual.ToString();
    }

    /// <summary>Words apart by spaces; double quotes hold one together, or are an empty one.</summary>
    private static IEnumerable<string> Words(string line)
    {
        var parts = line.Split('"');
        for (var index = 0; index < parts.Length; index++)
        {
            if (index % 2 == 1) yield return parts[index];
            else foreach (var word in parts[index].Split(' ', StringSplitOptions.RemoveEmptyEntries)) yield return word;
        }
    }
}
