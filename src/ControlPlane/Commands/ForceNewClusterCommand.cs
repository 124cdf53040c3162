using System.CommandLine;
using ControlPlane.Replica;
using ControlPlane.Replica.Offline;

namespace ControlPlane.Commands;

/// <summary><c>controlplane member force-new-cluster</c>: the way back when most of the servers are lost for good.</summary>
internal static class ForceNewClusterCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = new Option<string>("--data") { Description = "Data folder of a server that survived and is stopped", HelpName = "DIR", Required = true };
        var name = new Option<string>("--name") { Description = "That server's name", HelpName = "NAME", Required = true };
        var address = new Option<string?>("--peer-address") { Description = "Where later servers will reach it (default: as the old group knew it)", HelpName = "HOST:PORT" };
        var accept = new Option<bool>("--yes-i-accept-data-loss") { Description = "Writes that only the lost servers had are gone; required" };
        var command = new TaughtCommand("force-new-cluster", "LAST RESORT: makes a cluster of one from a stopped server's data, when a majority is lost for good. Writes may be lost.", """
            controlplane member force-new-cluster --data s1 --name s1 --yes-i-accept-data-loss
            """)
        {
            data, name, address, accept,
        };
        command.SetAction(parsed =>
        {
            if (!parsed.GetValue(accept))
            {
                throw new UsageException(
                    "this makes a new cluster from one server's data: what only the lost servers had is gone for ever, and if they live after all there are two clusters. " +
                    "Only when a majority cannot come back, and on the survivor with the highest log index. If that is so, add --yes-i-accept-data-loss");
            }

            try
            {
                var made = ForcedCluster.Make(Path.Combine(parsed.GetValue(data)!, "store"), parsed.GetValue(name)!, parsed.GetValue(address), TimeProvider.System.GetUtcNow());
                Print(made, parsed.GetValue(name)!, parsed.GetValue(data)!, terminal);
                return CommandTree.Done;
            }
            catch (UnusableDataDirectoryException refused)
            {
                throw new CommandException(refused.Message);
            }
        });
        return command;
    }

    private static void Print(ForcedReport made, string name, string data, Terminal terminal)
    {
        var output = terminal.Out;
        output.WriteLine($"NEW CLUSTER {made.ClusterId} of one member: {name}, id {made.Member}, {made.PeerAddress}");
        output.WriteLine($"  kept: the whole log up to index {made.Index} (term {made.Term}), revision {made.Revision}, {made.KeyCount} keys; also what it did not know to be committed");
        output.WriteLine($"  LOST: every write that a majority without {name} acknowledged after index {made.Index}");
        if (made.Others.Count > 0)
        {
            output.WriteLine($"  not members any more: {string.Join(", ", made.Others.Select(member => $"{member.Name}={member.Address}"))}");
            output.WriteLine("    Never start them on their old data: to them the old cluster lives on. Empty their folders and add them with `controlplane member add`.");
        }

        output.WriteLine($"  the old data is in {made.KeptDirectory}; delete it when all is well");
        output.WriteLine($"Start it with: controlplane server --name {name} --data {data} --listen HOST:PORT --peer-listen {made.PeerAddress}");
    }
}
