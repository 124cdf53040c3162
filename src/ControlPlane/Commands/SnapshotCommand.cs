using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Replica;
using ControlPlane.Replica.Offline;

namespace ControlPlane.Commands;

/// <summary><c>controlplane snapshot</c>: the whole store as one file, and back.</summary>
internal static class SnapshotCommand
{
    // A store has a few dozen kinds; the rest is summed up.
    private const int PrefixesShownMax = 40;

    public static Command Create(Terminal terminal) => new("snapshot", "Saves, looks at and restores the whole store.")
    {
        Save(terminal), Inspect(terminal), Restore(terminal),
    };

    private static TaughtCommand Save(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "Where to write it; replaced when it exists, as a whole" };
        var save = new TaughtCommand("save", "Writes the store, as new as every write acknowledged before, to a file and checks it.", """
            controlplane snapshot save backup.snap
            """)
        {
            file,
        };
        var options = ClusterOptions.AddTo(save, hasNamespace: false);
        save.SetAction(async (parsed, cancellationToken) =>
        {
            using var cluster = options.Connect(parsed, terminal);
            var path = parsed.GetValue(file)!;
            var report = await SnapshotDownload.SaveAsync(cluster, terminal, path, cancellationToken);
            terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"saved {path}: revision {report.Revision}, {report.KeyCount} keys, {report.SizeBytes} bytes, checksums verified"));
            return CommandTree.Done;
        });
        return save;
    }

    private static TaughtCommand Inspect(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "As `snapshot save` wrote it, or from a member's data folder" };
        var output = new Option<string?>("--output", "-o") { Description = "json (default: text)", HelpName = "FORM" };
        output.AcceptOnlyFromAmong("json");
        var inspect = new TaughtCommand("inspect", "Reads a snapshot file whole, checks it, and says what is in it. Needs no server.", """
            controlplane snapshot inspect backup.snap
            controlplane snapshot inspect backup.snap -o json
            """)
        {
            file, output,
        };
        inspect.SetAction(parsed =>
        {
            var report = Read(parsed.GetValue(file)!, SnapshotFile.Inspect);
            if (parsed.GetValue(output) == "json") terminal.Out.WriteLine(ToJson(report).ToJsonString(new() { WriteIndented = true }));
            else Print(report, terminal);
            return CommandTree.Done;
        });
        return inspect;
    }

    private static TaughtCommand Restore(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "As `snapshot save` wrote it" };
        var data = new Option<string>("--data") { Description = "The new server's data folder; its store must be empty", HelpName = "DIR", Required = true };
        var name = new Option<string>("--name") { Description = "The new server's name in --initial-cluster", HelpName = "NAME", Required = true };
        var cluster = new Option<string>("--initial-cluster") { Description = "Every server of the new cluster, the same for all of them", HelpName = "NAME=HOST:PORT,…", Required = true };
        var token = new Option<string>("--cluster-token") { Description = "Any text; tells two clusters apart that are restored from one file with the same names", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Check everything, write nothing" };
        var restore = new TaughtCommand("restore", "Makes a new cluster's server from a snapshot, on any machine; once for each server, with the same file.", """
            controlplane snapshot restore backup.snap --data s1 --name s1 --initial-cluster s1=10.0.0.1:7000 --dry-run
            controlplane snapshot restore backup.snap --data s1 --name s1 --initial-cluster s1=10.0.0.1:7000,s2=10.0.0.2:7000,s3=10.0.0.3:7000
            """)
        {
            file, data, name, cluster, token, dryRun,
        };
        restore.SetAction(parsed =>
        {
            var members = Members(parsed.GetValue(cluster)!);
            if (members.All(member => member.Name != parsed.GetValue(name)))
            {
                throw new UsageException($"--initial-cluster does not name this server, \"{parsed.GetValue(name)}\"; it names {string.Join(", ", members.Select(member => member.Name))}");
            }

            var store = Path.Combine(parsed.GetValue(data)!, "store");
            var plan = Read(parsed.GetValue(file)!, path => RestorePlan.Of(path, parsed.GetValue(name)!, members, parsed.GetValue(token)!));
            CheckEmpty(store);
            Print(plan.Source, terminal);
            terminal.Out.WriteLine();
            terminal.Out.WriteLine($"becomes member {parsed.GetValue(name)}, id {plan.Member}, of the new cluster {plan.ClusterId}: {string.Join(", ", members.Select(member => $"{member.Name}={member.Address}"))}");
            if (parsed.GetValue(dryRun))
            {
                terminal.Out.WriteLine($"dry run: nothing was written; {store} is free");
                return CommandTree.Done;
            }

            plan.CarryOut(store);
            terminal.Out.WriteLine($"restored to {store}; start it with `controlplane server --name {parsed.GetValue(name)} --data {parsed.GetValue(data)} …` when every server of the list has been restored");
            return CommandTree.Done;
        });
        return restore;
    }

    private static T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (InvalidDataException broken)
        {
            throw new CommandException(broken.Message);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot read {path}: {missing.Message}");
        }
    }

    private static void CheckEmpty(string store)
    {
        try
        {
            RestorePlan.CheckEmpty(store);
        }
        catch (UnusableDataDirectoryException full)
        {
            throw new CommandException(full.Message);
        }
    }

    private static IReadOnlyList<PeerAddress> Members(string text)
    {
        try
        {
            return PeerAddress.ParseList(text);
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"--initial-cluster: {wrong.Message}");
        }
    }

    private static void Print(SnapshotReport report, Terminal terminal)
    {
        new TableText(terminal.Out).Print([
            ["cluster", report.ClusterId?.ToString() ?? "not named (a member's own snapshot)"],
            ["members", string.Join(", ", report.Members.Select(member => $"{member.Name}={member.Address}"))],
            ["version floor", Text(report.VersionFloor)],
            ["log index", $"{Text(report.Index)}, term {Text(report.Term)}"],
            ["revision", $"{Text(report.Revision)}, history from {Text(report.CompactionFloor)}"],
            ["keys", Text(report.KeyCount)],
            ["leases", Text(report.LeaseCount)],
            ["state hash", report.StateHash.ToString("x16", CultureInfo.InvariantCulture)],
            ["size", $"{Text(report.SizeBytes)} bytes, all checksums verified"],
        ]);
        terminal.Out.WriteLine();
        var rows = new List<IReadOnlyList<string>> { (string[])["PREFIX", "KEYS", "VALUE BYTES"] };
        rows.AddRange(report.Prefixes.Take(PrefixesShownMax).Select(prefix => (string[])[prefix.Prefix.Length == 0 ? "(no slash)" : prefix.Prefix, Text(prefix.KeyCount), Text(prefix.ValueBytes)]));
        if (report.Prefixes.Count > PrefixesShownMax)
        {
            var rest = report.Prefixes.Skip(PrefixesShownMax).ToList();
            rows.Add((string[])[$"({rest.Count} more)", Text(rest.Sum(prefix => prefix.KeyCount)), Text(rest.Sum(prefix => prefix.ValueBytes))]);
        }

        new TableText(terminal.Out).Print(rows);
    }

    private static JsonObject ToJson(SnapshotReport report) => new()
    {
        ["clusterId"] = report.ClusterId?.ToString(),
        ["members"] = new JsonArray([.. report.Members.Select(member => new JsonObject { ["name"] = member.Name, ["peerAddress"] = member.Address })]),
        ["versionFloor"] = report.VersionFloor,
        ["index"] = report.Index,
        ["term"] = report.Term,
        ["revision"] = report.Revision,
        ["compactionFloor"] = report.CompactionFloor,
        ["keys"] = report.KeyCount,
        ["leases"] = report.LeaseCount,
        ["stateHash"] = report.StateHash.ToString("x16", CultureInfo.InvariantCulture),
        ["sizeBytes"] = report.SizeBytes,
        ["prefixes"] = new JsonArray([.. report.Prefixes.Select(prefix => new JsonObject { ["prefix"] = prefix.Prefix, ["keys"] = prefix.KeyCount, ["valueBytes"] = prefix.ValueBytes })]),
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
