using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using ControlPlane.Api.Errors;
using ControlPlane.Client.Configuration;
using ControlPlane.Client.Yaml;

namespace ControlPlane.Commands;

/// <summary>The command line: the commands that talk to a server, and room for those that are one.</summary>
internal static class CommandTree
{
    /// <summary>Done; nothing to add.</summary>
    public const int Done = 0;

    /// <summary>Refused or failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself was wrong.</summary>
    public const int WrongUsage = 2;

    /// <summary>Ended by Ctrl-C, as shells expect.</summary>
    public const int Interrupted = 130;

    /// <summary>All commands that talk to a server. The hosting commands (<c>dev</c>, <c>server</c>, <c>agent</c>, <c>init</c>) are added by
    /// <paramref name="more"/> and come first in the help.</summary>
    public static RootCommand Create(Terminal? terminal = null, params ReadOnlySpan<Command> more)
    {
        terminal ??= Terminal.OfProcess();
        var root = new RootCommand("""
            Turns a pool of machines into one computer: hand it YAML, it finds room, starts the work and keeps it running.

            Start here:
              controlplane dev --apply manifests/examples/pi-job.yaml   # a whole cluster in one process, with a job on it
            """);
        foreach (var command in more) root.Add(command);
        root.Add(ApplyCommand.Create(terminal));
        root.Add(GetCommand.Create(terminal));
        root.Add(DescribeCommand.Create(terminal));
        root.Add(DeleteCommand.Create(terminal));
        root.Add(LogsCommand.Create(terminal));
        root.Add(WatchCommand.Create(terminal));
        root.Add(MemberCommand.Create(terminal));
        root.Add(MoveLeaderCommand.Create(terminal));
        root.Add(SnapshotCommand.Create(terminal));
        root.Add(VersionCommand.Create(terminal));
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            if (help.Action is HelpAction usual) help.Action = new TeachingHelp(usual);
        }

        return root;
    }

    /// <summary>Parses and runs. Errors become one sentence on standard error and an exit code; Ctrl-C cancels, a second one ends the process at once.</summary>
    public static async Task<int> RunAsync(RootCommand root, IReadOnlyList<string> arguments, Terminal? terminal = null)
    {
        terminal ??= Terminal.OfProcess();
        var parsed = root.Parse(arguments);
        if ((parsed.Errors.Count > 0 || UsageErrors.SwallowedOption(parsed) is not null) && parsed.Action is not TeachingHelp) return UsageErrors.Print(parsed, terminal);
        using var interruption = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Interrupt(context, interruption));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Interrupt(context, interruption));
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            // The signals are handled here, because the hosting commands need the second Ctrl-C.
            ProcessTerminationTimeout = null,
            Output = terminal.Out,
            Error = terminal.Error,
        };
        try
        {
            return await parsed.InvokeAsync(configuration, interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.IsCancellationRequested)
        {
            return Interrupted;
        }
        catch (UsageException wrong)
        {
            terminal.Error.WriteLine($"error: {wrong.Message}");
            return WrongUsage;
        }
        catch (ApiException refusal)
        {
            terminal.Error.WriteLine(ErrorText.Of(refusal.Status));
            return Failed;
        }
        catch (Exception failure) when (failure is CommandException or KubeConfigException or ManifestException or IOException or UnauthorizedAccessException or HttpRequestException)
        {
            terminal.Error.WriteLine($"error: {failure.Message}");
            return Failed;
        }
    }

    private static void Interrupt(PosixSignalContext context, CancellationTokenSource interruption)
    {
        if (interruption.IsCancellationRequested) Environment.Exit(Interrupted);
        // The process goes on so that the command can tidy up.
        context.Cancel = true;
        interruption.Cancel();
    }
}
