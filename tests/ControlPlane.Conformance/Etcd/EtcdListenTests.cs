using System.Net;
using System.Net.Sockets;
using ControlPlane.Harness;

namespace ControlPlane.Conformance.Etcd;

/// <summary><c>--etcd-listen</c> and <c>--etcd-tls</c> as an operator meets them.</summary>
public sealed class EtcdListenTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task With_tls_the_administrators_certificate_opens_the_door_and_nothing_else_does()
    {
        using var scratch = new Scratch();
        await using var server = BinaryProcess.Start(scratch.Folder,
            "server", "--name", "s1", "--data", scratch["s1"], "--listen", "127.0.0.1:0", "--etcd-listen", "127.0.0.1:0", "--etcd-tls", "true");
        var url = (await server.WaitForLineAsync("etcd: https://", Patience)).Split("etcd: ")[1].Trim();
        var etcdctl = Etcdctl.Find(url, scratch);
        string Pki(string file) => Path.Combine(scratch["s1"], "pki", file);

        string[] admin = ["--cacert", Pki("ca.crt"), "--cert", Pki("admin.crt"), "--key", Pki("admin.key")];
        Assert.Equal("OK\n", await etcdctl.OkAsync([.. admin, "put", "a", "1"]));
        Assert.StartsWith(url, await etcdctl.OkAsync([.. admin, "endpoint", "status"]));

        var nobody = await etcdctl.RunAsync(["--cacert", Pki("ca.crt"), "--command-timeout=2s", "get", "a"]);
        Assert.NotEqual(0, nobody.ExitCode);
        // Of the same authority, and a server's: that is not an administrator's.
        var other = await etcdctl.RunAsync(["--cacert", Pki("ca.crt"), "--cert", Pki("server.crt"), "--key", Pki("server.key"), "--command-timeout=2s", "get", "a"]);
        Assert.NotEqual(0, other.ExitCode);
    }

    [Fact]
    public async Task A_taken_port_and_a_word_that_is_neither_yes_nor_no_end_the_start_with_one_sentence()
    {
        using var scratch = new Scratch();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string[] usual = ["server", "--name", "s1", "--data", scratch["s1"], "--listen", "127.0.0.1:0"];

        var refused = await BinaryProcess.RunAsync(BinaryProcess.BinaryPath, scratch.Folder, null, [.. usual, "--etcd-listen", $"{taken.LocalEndpoint}"]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"cannot serve etcd's clients on {taken.LocalEndpoint}", refused.Error);

        var wrong = await BinaryProcess.RunAsync(BinaryProcess.BinaryPath, scratch.Folder, null, [.. usual, "--etcd-listen", "127.0.0.1:0", "--etcd-tls", "maybe"]);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("--etcd-tls: \"maybe\"", wrong.Error);
    }
}
