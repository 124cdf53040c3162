using System.CommandLine;
using System.CommandLine.Parsing;

namespace ControlPlane.Commands;

/// <summary>What was wrong with a command line, what may have been meant, and where to read on.</summary>
internal static class UsageErrors
{
    /// <returns>The exit code for wrong usage.</returns>
    public static int Print(ParseResult parsed, Terminal terminal)
    {
        var command = parsed.CommandResult.Command;
        var unmatched = SwallowedOption(parsed) ?? (parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null);
        if (unmatched is not null)
        {
            var isOption = unmatched.StartsWith('-');
            var known = isOption ? OptionsOf(parsed.CommandResult) : command.Subcommands.Select(one => one.Name);
            var what = isOption ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
            terminal.Error.WriteLine($"error: unknown {what} \"{unmatched}\"{DidYouMean(unmatched, known)}");
        }
        else
        {
            terminal.Error.WriteLine($"error: {Sentence(parsed.Errors[0], command)}");
        }

        terminal.Error.WriteLine($"See '{PathOf(parsed.CommandResult)} --help'.");
        return CommandTree.WrongUsage;
    }

    /// <summary>An option that nobody knows and that was taken for one of several names, or null.</summary>
    public static string? SwallowedOption(ParseResult parsed)
    {
        foreach (var argument in parsed.CommandResult.Children.OfType<ArgumentResult>())
        {
            foreach (var token in argument.Tokens)
            {
                if (token.Value.Length > 1 && token.Value[0] == '-') return token.Value;
            }
        }

        return null;
    }

    /// <summary><c>; did you mean "x"?</c>, or nothing when no candidate is near.</summary>
    public static string DidYouMean(string typed, IEnumerable<string> candidates)
    {
        var best = candidates
            .Select(candidate => (candidate, distance: Distance(typed.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .Where(pair => pair.distance <= Math.Max(1, Math.Min(3, typed.Length / 3)))
            .OrderBy(pair => pair.distance)
            .ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
        return best is null ? "" : $"; did you mean \"{best}\"?";
    }

    private static string Sentence(ParseError error, Command command)
    {
        // The library's sentences name the argument but not what to write; ours do where it is common.
        if (error.Message.StartsWith("Required command was not provided", StringComparison.Ordinal))
        {
            return $"a command is missing; there are: {string.Join(", ", command.Subcommands.Where(one => !one.Hidden).Select(one => one.Name))}";
        }

        // "Argument 'xml' not recognized. Must be one of:\n\t'wide'..." does not say of which option.
        if (error.Message.Contains("Must be one of", StringComparison.Ordinal) && error.SymbolResult is OptionResult option)
        {
            var words = error.Message.Split('\'').Where((_, i) => i % 2 == 1).ToList();
            return $"{option.Option.Name}: \"{words[0]}\" is not one of {string.Join(", ", words.Skip(1))}{DidYouMean(words[0], words.Skip(1))}";
        }

        if (error.SymbolResult is OptionResult { Option: var given } && error.Message.StartsWith("Cannot parse argument", StringComparison.Ordinal))
        {
            return $"{given.Name}: \"{error.Message.Split('\'')[1]}\" is not {(given.ValueType == typeof(bool) ? "true or false" : "a number")}";
        }

        return char.ToLowerInvariant(error.Message[0]) + error.Message[1..].TrimEnd('.');
    }

    private static IEnumerable<string> OptionsOf(CommandResult result)
    {
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is not CommandResult command) continue;
            foreach (var option in command.Command.Options)
            {
                if (at != result && !option.Recursive) continue;
                yield return option.Name;
            }
        }
    }

    private static string PathOf(CommandResult result)
    {
        var names = new List<string>();
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult { Command: not RootCommand } command) names.Insert(0, command.Command.Name);
        }

        return string.Join(' ', names.Prepend("controlplane"));
    }

    // Swapped neighbours count once: the commonest slip of fingers.
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= right.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = rows[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(replaced, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[left.Length, right.Length];
    }
}
