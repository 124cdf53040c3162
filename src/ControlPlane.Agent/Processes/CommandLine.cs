using ControlPlane.Agent.Environments;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Processes;

/// <summary>From a container's <c>command</c> and <c>args</c> to an argument vector whose program exists.</summary>
internal static class CommandLine
{
    private const int MayExecute = 1;

    /// <summary>The vector, its program an absolute path.</summary>
    /// <exception cref="CannotRunException">There is nothing to run, or the program is not there; the message says what to do.</exception>
    public static List<string> Resolve(Container container, IReadOnlyDictionary<string, string> environment, string workingDirectory)
    {
        var words = container.Command.Concat(container.Args).Select(word => VariableExpansion.Expand(word, environment)).ToList();
        if (words.Count == 0)
        {
            throw new CannotRunException($"container {container.Name} has no command: the process runtime does not read images, so the entry point of {Image(container)} is not known; set command in the manifest");
        }

        // Without a command, args belong to an entry point nobody knows. They are run only when they are a command themselves.
        if (Find(words[0], environment.GetValueOrDefault("PATH") ?? "", workingDirectory) is { } program)
        {
            words[0] = program;
            return words;
        }

        throw new CannotRunException(container.Command.IsEmpty
            ? $"container {container.Name} has args but no command, and \"{words[0]}\" is not a program on this machine: the process runtime does not read images, so the entry point of {Image(container)} is not known; set command in the manifest"
            : $"exec: \"{words[0]}\": executable file not found in $PATH: install it on the node, or name a program that is there");
    }

    /// <summary>The absolute path of a program, or null.</summary>
    public static string? Find(string program, string path, string workingDirectory)
    {
        if (program.Contains('/'))
        {
            var full = Path.GetFullPath(program, workingDirectory);
            return IsExecutable(full) ? full : null;
        }

        return program.Length == 0 ? null : path.Split(':').Select(folder => Path.Combine(Path.GetFullPath(folder.Length == 0 ? "." : folder, workingDirectory), program)).FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) => File.Exists(path) && Native.Access(path, MayExecute) == 0;

    private static string Image(Container container) => string.IsNullOrEmpty(container.Image) ? "its image" : container.Image;
}

/// <summary>This container can never run here as it is written.</summary>
internal sealed class CannotRunException(string message, string reason = "StartError") : Exception(message)
{
    public string Reason => reason;
}
