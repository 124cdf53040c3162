using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ControlPlane.Agent.Environments;
using ControlPlane.Agent.Pods;
using ControlPlane.Agent.Probes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Processes;

/// <summary>Probes processes of this machine. HTTP and TCP go to loopback unless the probe names a host; a command runs with the container's
/// environment and directory, but sees the machine's mounts, not the container's.</summary>
internal sealed class ProcessProber(ProcessRuntime runtime) : IProber
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        // As Kubernetes: a probe asks whether something answers, not who.
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
    });

    public async Task<string?> AskAsync(Pod pod, int container, int attempt, Probe probe, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(Math.Max(1, probe.TimeoutSeconds ?? 1)));
        try
        {
            return probe switch
            {
                { HttpGet: { } http } => await AskHttpAsync(pod.Spec.ContainerAt(container), http, timeout.Token),
                { TcpSocket: { } tcp } => await AskTcpAsync(pod.Spec.ContainerAt(container), tcp, timeout.Token),
                { Exec: { } exec } => await AskCommandAsync(pod, container, attempt, exec, timeout.Token),
                _ => null,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "no answer in time";
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or FormatException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return exception.Message;
        }
    }

    private static async Task<string?> AskHttpAsync(Container container, HttpGetAction http, CancellationToken cancellationToken)
    {
        var path = http.Path ?? "/";
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"{(http.Scheme ?? "HTTP").ToLowerInvariant()}://{HostOf(http.Host)}:{PortOf(container, http.Port)}{(path.StartsWith('/') ? "" : "/")}{path}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var header in http.HttpHeaders) request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var code = (int)response.StatusCode;
        return code is >= 200 and < 400 ? null : string.Create(CultureInfo.InvariantCulture, $"HTTP probe failed with statuscode: {code}");
    }

    private static async Task<string?> AskTcpAsync(Container container, TcpSocketAction tcp, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(HostOf(tcp.Host), PortOf(container, tcp.Port), cancellationToken);
        return null;
    }

    private async Task<string?> AskCommandAsync(Pod pod, int container, int attempt, ExecAction exec, CancellationToken cancellationToken)
    {
        if (runtime.PidOf(pod, container, attempt) is not { } pid) return "the container is not running";
        var process = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}");
        var start = new ProcessStartInfo { WorkingDirectory = process + "/cwd", RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment.Clear();
        foreach (var pair in Encoding.UTF8.GetString(await File.ReadAllBytesAsync(process + "/environ", cancellationToken)).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=');
            if (equals > 0) start.Environment[pair[..equals]] = pair[(equals + 1)..];
        }

        var path = start.Environment.TryGetValue("PATH", out var own) && own is not null ? own : ContainerEnvironment.DefaultPath;
        if (exec.Command.IsEmpty || CommandLine.Find(exec.Command[0], path, start.WorkingDirectory) is not { } program) return "the probe's command is not a program on this machine";
        start.FileName = program;
        foreach (var argument in exec.Command.Skip(1)) start.ArgumentList.Add(argument);
        using var child = Process.Start(start) ?? throw new InvalidOperationException("the probe's command did not start");
        try
        {
            child.StandardInput.Close();
            var output = child.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = child.StandardError.ReadToEndAsync(cancellationToken);
            await child.WaitForExitAsync(cancellationToken);
            return child.ExitCode == 0 ? null : $"{(await output).Trim()} {(await errors).Trim()}".Trim();
        }
        finally
        {
            if (!child.HasExited) child.Kill(entireProcessTree: true);
        }
    }

    private static string HostOf(string? host) => string.IsNullOrEmpty(host) ? "127.0.0.1" : host;

    private static int PortOf(Container container, IntOrString port) =>
        port.Text is not { } name ? port.Number
            : container.Ports.FirstOrDefault(candidate => candidate.Name == name)?.Port ?? (int.TryParse(name, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"container {container.Name} has no port named {name}"));
}
