using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ControlPlane.Commands;

/// <summary>A command whose help ends with examples to copy.</summary>
internal class TaughtCommand(string name, string description, string examples) : Command(name, description)
{
    /// <summary>Lines as a user would type them, comments with <c>#</c>.</summary>
    public string Examples => examples;
}

/// <summary>The usual help, then the command's examples.</summary>
internal sealed class TeachingHelp(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is TaughtCommand { Examples.Length: > 0 } command)
        {
            output.WriteLine("Examples:");
            foreach (var line in command.Examples.Split('\n')) output.WriteLine(line.Length == 0 ? "" : $"  {line}");
            output.WriteLine();
        }

        return 0;
    }
}
