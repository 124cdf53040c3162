using System.CommandLine;
using ControlPlane.Api.Errors;
using ControlPlane.Following;

namespace ControlPlane.Commands;

/// <summary><c>controlplane apply</c>.</summary>
internal static class ApplyCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = new Option<string[]>("--filename", "-f") { Description = "File, folder, or - for standard input; may be repeated", HelpName = "FILE|DIR|-", Required = true, AllowMultipleArgumentsPerToken = false };
        var dryRun = new Option<bool>("--dry-run") { Description = "Let the server check everything and store nothing" };
        var follow = new Option<bool>("--follow") { Description = "Stay and show what the applied objects do, until every Job is complete or failed" };
        var command = new TaughtCommand("apply", "Creates or changes objects so that the cluster holds what the files say.", """
            controlplane apply -f pi.yaml                 # one file
            controlplane apply -f manifests/              # every .yaml, .yml and .json in a folder
            controlplane apply -f pi.yaml --follow        # and watch the job run
            cat pi.yaml | controlplane apply -n demo -f -
            """)
        {
            files, dryRun, follow,
        };
        var options = ClusterOptions.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            // The files come first: what is wrong with them can be said without a server.
            var manifests = await Manifests.ReadAsync(parsed.GetValue(files)!, terminal.In, cancellationToken);
            using var cluster = options.Connect(parsed, terminal);
            var (applied, failures) = await RunAsync(cluster, manifests, parsed.GetValue(dryRun), terminal, cancellationToken);
            if (failures > 0) return CommandTree.Failed;
            if (!parsed.GetValue(follow) || parsed.GetValue(dryRun)) return CommandTree.Done;
            return await FollowApplied.RunAsync(cluster.Client, cluster.Logs, applied.Select(one => one.Object), terminal, untilComplete: true, cancellationToken);
        });
        return command;
    }

    // What others refer to comes first, whatever the files are called; the rest keeps its order.
    private static int RankOf(Manifest manifest) => manifest.Kind.Kind switch
    {
        "Namespace" or "CustomResourceDefinition" => 0,
        "PriorityClass" or "ServiceAccount" or "Secret" or "ConfigMap" => 1,
        _ => 2,
    };

    /// <summary>Applies all, prints a line each; one refusal does not keep the others back.</summary>
    public static async Task<(IReadOnlyList<Applied> Applied, int Failures)> RunAsync(
        Cluster cluster, IReadOnlyList<Manifest> manifests, bool isDryRun, Terminal terminal, CancellationToken cancellationToken)
    {
        var applier = new Applier(cluster.Client, cluster.Discovery, cluster.Namespace, isDryRun) { IsNamespaceFixed = cluster.HasExplicitNamespace };
        var done = new List<Applied>();
        var failures = 0;
        foreach (var manifest in manifests.OrderBy(RankOf))
        {
            try
            {
                var applied = await SlowWork.ShowAsync(terminal, $"applying {manifest.Place}", applier.ApplyAsync(manifest, cancellationToken));
                terminal.Out.WriteLine(isDryRun ? $"{applied} (server dry run)" : applied.ToString());
                done.Add(applied);
            }
            catch (ApiException refusal)
            {
                terminal.Error.WriteLine(ErrorText.Of(refusal.Status));
                failures++;
            }
            catch (Client.Yaml.ManifestException broken)
            {
                terminal.Error.WriteLine($"error: {broken.Message}");
                failures++;
            }
        }

        return (done, failures);
    }
}
