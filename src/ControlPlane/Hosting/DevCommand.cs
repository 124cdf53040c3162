using System.CommandLine;
using ControlPlane.Agent;
using ControlPlane.Client.Configuration;
using ControlPlane.Commands;
using ControlPlane.Following;
using ControlPlane.Security;

namespace ControlPlane.Hosting;

/// <summary><c>controlplane dev</c>: a whole cluster in one process.</summary>
internal static class DevCommand
{
    // Pods get their own grace; this is the most that Ctrl-C waits for all of them.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(35);

    public static Command Create(Terminal terminal)
    {
        var data = new Option<string>("--data") { Description = "Where everything is kept.", HelpName = "DIR", DefaultValueFactory = _ => ".controlplane" };
        var listen = new Option<string>("--listen") { Description = "Where to serve the API; port 0 is any free port.", HelpName = "HOST:PORT", DefaultValueFactory = _ => "127.0.0.1:6443" };
        var dashboard = new Option<string>("--dashboard-listen") { Description = "Where to serve the dashboard; port 0 is any free port.", HelpName = "HOST:PORT", DefaultValueFactory = _ => "127.0.0.1:8080" };
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "Where to write the kubeconfig (default DIR/kubeconfig); ~/.kube/config is never touched.", HelpName = "FILE" };
        var apply = new Option<string[]>("--apply") { Description = "Apply these manifests after start and follow them, live; may be repeated.", HelpName = "FILE|DIR", DefaultValueFactory = _ => [] };
        var untilComplete = new Option<bool>("--until-complete") { Description = "End when every applied Job has: with 0 when all are complete, 1 when one failed." };
        var nodes = new Option<string?>("--simulated-nodes") { Description = "Besides this machine, play N nodes that run nothing.", HelpName = "N" };
        var etcd = new Option<string?>("--etcd-listen") { Description = "Where to serve the store to etcd's clients; without it, nowhere.", HelpName = "HOST:PORT" };
        var etcdServers = new Option<string?>("--etcd-servers") { Description = "Keep everything on this existing etcd cluster instead of in DIR.", HelpName = "URL,…" };
        var command = new TaughtCommand("dev", "Run a whole cluster in one process: server, agent and dashboard, on this machine, for this user.",
            """
            controlplane dev
            controlplane dev --apply manifests/quickstart --until-complete
            controlplane dev --data ./try --listen 127.0.0.1:0 --simulated-nodes 100
            """) { data, listen, dashboard, kubeconfig, apply, untilComplete, nodes, etcd, etcdServers };
        command.SetAction(async (result, stop) =>
        {
            var folder = Path.GetFullPath(result.GetValue(data)!);
            var paths = result.GetValue(apply)!;
            if (result.GetValue(untilComplete) && paths.Length == 0) throw new UsageException("--until-complete needs --apply FILE|DIR: there is nothing to wait for");
            // Read before anything starts: a broken file should not cost a start.
            var manifests = paths.Length == 0 ? [] : await Manifests.ReadAsync(paths, terminal.In, stop);
            var settings = new ServerSettings("dev", folder, Addresses.ToListen(result.GetValue(listen)!, "--listen"))
            {
                DashboardListen = Addresses.ToListen(result.GetValue(dashboard)!, "--dashboard-listen"),
                Etcd = EtcdSettings.Of(result.GetValue(etcdServers), null, null, null, null),
                EtcdListen = result.GetValue(etcd) is { } face ? Addresses.ToListen(face, "--etcd-listen") : null,
            };
            var run = new Run(terminal, folder, Path.GetFullPath(result.GetValue(kubeconfig) ?? Path.Combine(folder, "kubeconfig")), result.GetValue(nodes));
            return await run.RunAsync(EtcdSettings.Checked(settings), manifests, result.GetValue(untilComplete), stop);
        });
        return command;
    }

    private sealed class Run(Terminal terminal, string folder, string kubeconfig, string? simulatedNodes)
    {
        public async Task<int> RunAsync(ServerSettings settings, IReadOnlyList<Manifest> manifests, bool untilComplete, CancellationToken stop)
        {
            var log = new ConsoleLog(terminal.Error);
            await using var server = await ServerHost.StartAsync(settings, log, stop);
            AdminKubeConfig.Write(kubeconfig, [server.Url], server.Identity);
            terminal.Out.WriteLine($"Ready: {Address(server.Url)} in {ServerHost.SinceProcessStart().TotalSeconds:0.0} s");
            terminal.Out.WriteLine($"export KUBECONFIG={kubeconfig}");
            if (server.DashboardLogin is { } login) terminal.Out.WriteLine($"Dashboard: {login}");
            if (server.EtcdUrl is { } etcd) terminal.Out.WriteLine($"etcd: {Address(etcd)}");

            using var connector = new AgentConnector(NodeConfig(server));
            var agents = new List<AgentHost> { new(connector.Options(Path.Combine(folder, "agent")) with { Notice = log.Write }) };
            if (simulatedNodes is not null)
            {
                var options = connector.Options(Path.Combine(folder, "simulated-agent")) with { Notice = log.Write };
                agents.Add(new(AgentCommand.Simulated(options, simulatedNodes, null, null)));
            }

            var code = CommandTree.Done;
            try
            {
                foreach (var agent in agents) await agent.StartAsync(stop);
                if (manifests.Count > 0) code = await ApplyAsync(manifests, untilComplete, stop);
                if (!untilComplete) await server.RunUntilAsync(stop);
            }
            finally
            {
                if (stop.IsCancellationRequested) terminal.Error.WriteLine("Stopping: pods get their grace, then the store closes (Ctrl-C again stops at once) …");
                using var patience = new CancellationTokenSource(StopPatience);
                await Task.WhenAll(agents.Select(agent => agent.StopAsync(killPods: true, patience.Token)));
            }

            return code;
        }

        private async Task<int> ApplyAsync(IReadOnlyList<Manifest> manifests, bool untilComplete, CancellationToken stop)
        {
            using var cluster = new Cluster(KubeConfig.Load(kubeconfig).Resolve(), null, terminal);
            var (applied, failures) = await ApplyCommand.RunAsync(cluster, manifests, isDryRun: false, terminal, stop);
            if (failures > 0) return CommandTree.Failed;
            return await FollowApplied.RunAsync(cluster.Client, cluster.Logs, applied.Select(one => one.Object), terminal, untilComplete, stop);
        }

        private static ClientConfig NodeConfig(ServerHost server)
        {
            var certificate = server.Identity.IssueNode(Environment.MachineName.ToLowerInvariant()).ToCertificate();
            return new ClientConfig
            {
                Servers = [server.Url],
                ClientCertificate = certificate,
                CertificateAuthorities = [server.Identity.Authority],
                UserAgent = "controlplane-agent",
            };
        }

        private static string Address(Uri url) => url.GetLeftPart(UriPartial.Authority);
    }
}
