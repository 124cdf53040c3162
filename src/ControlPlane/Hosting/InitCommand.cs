using System.CommandLine;
using ControlPlane.Commands;
using ControlPlane.Security;

namespace ControlPlane.Hosting;

/// <summary><c>controlplane init</c>: makes the identity of a cluster.</summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Folder to make the cluster's identity in.", Required = true, HelpName = "DIR" };
        var hosts = new Option<string[]>("--hosts")
        {
            Description = "Names and addresses the servers are reached at, separated by commas; the first one goes into the kubeconfig.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "HOST,HOST,…",
            DefaultValueFactory = _ => [],
        };
        var port = new Option<int>("--port") { Description = "Port of the API in the kubeconfig.", DefaultValueFactory = _ => 6443 };
        var command = new TaughtCommand("init",
            "Make a cluster's identity: CA, certificates, kubeconfig and join token. Every server starts on its own copy of the folder; it holds the CA's private key, so copy it over a safe channel only.",
            """
            controlplane init --data seed --hosts 10.0.0.1,10.0.0.2,10.0.0.3
            cp -r seed s1      # and to the other machines as s2, s3
            controlplane server --name s1 --data s1 …
            """) { data, hosts, port };
        command.SetAction(result =>
        {
            var names = result.GetValue(hosts)!.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToList();
            return Run(result.GetValue(data)!, names, result.GetValue(port), Console.Out);
        });
        return command;
    }

    private static int Run(string folder, List<string> hosts, int port, TextWriter output)
    {
        if (ClusterIdentity.ExistsIn(folder))
        {
            throw new CommandException($"{folder} holds a cluster's identity already; its certificates are renewed by the servers themselves. For a new cluster choose another folder.");
        }

        Directory.CreateDirectory(folder);
        var identity = ClusterIdentity.OpenOrCreate(folder, hosts, TimeProvider.System);
        var servers = hosts.DefaultIfEmpty("127.0.0.1").Select(host => new Uri($"https://{(host.Contains(':') ? $"[{host}]" : host)}:{port}")).ToList();
        var kubeconfig = Path.Combine(folder, "kubeconfig");
        AdminKubeConfig.Write(kubeconfig, servers, identity);
        output.WriteLine($"Identity:   {Path.GetFullPath(folder)} (CA, server and administrator certificates)");
        output.WriteLine($"Kubeconfig: {Path.GetFullPath(kubeconfig)} for {string.Join(" ", servers)}");
        output.WriteLine($"Join token: {identity.JoinToken}");
        output.WriteLine("Start each server on a copy of the folder: controlplane server --help");
        return 0;
    }
}
