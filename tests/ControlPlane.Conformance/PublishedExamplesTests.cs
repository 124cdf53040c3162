using ControlPlane.Harness;

namespace ControlPlane.Conformance;

/// <summary>The examples of the Kubernetes documentation, unchanged, applied by unmodified kubectl.</summary>
public sealed class PublishedExamplesTests(DevServer server) : IClassFixture<DevServer>
{
    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task The_job_pi_prints_pi(string version)
    {
        Assert.SkipUnless(await PerlKnowsPiAsync(), "no perl here that computes bpi(2000); on Debian 12 install perl and libmath-bigint-gmp-perl");
        var kubectl = await Kubectl.FindAsync(version, server.KubeConfig, server.Scratch);
        var space = "pi-" + version.Replace('.', '-');
        await kubectl.OkAsync("create", "namespace", space);
        Assert.Equal("job.batch/pi created\n", await kubectl.OkAsync("-n", space, "apply", "-f", Example("pi-job.yaml")));
        Assert.Equal("job.batch/pi unchanged\n", await kubectl.OkAsync("-n", space, "apply", "-f", Example("pi-job.yaml")));
        await kubectl.OkAsync("-n", space, "wait", "--for=condition=complete", "job/pi", "--timeout=60s");
        Assert.StartsWith("3.14159", await kubectl.OkAsync("-n", space, "logs", "job/pi"));

        var wide = await kubectl.OkAsync("-n", space, "get", "jobs,pods,cronjobs", "-o", "wide");
        Assert.Matches(@"job\.batch/pi\s+Complete\s+1/1\s+\d+s\s+\d+s\s+pi\s+perl:5\.34\.0\s+batch\.kubernetes\.io/controller-uid=", wide);
        Assert.Matches(@"pod/pi-\S+\s+0/1\s+Completed\s+0\s+\d+s", wide);
        Assert.Equal("job.batch/pi\n", await kubectl.OkAsync("-n", space, "get", "jobs", "-o", "name"));
        Assert.Contains("succeeded: 1", await kubectl.OkAsync("-n", space, "get", "job", "pi", "-o", "yaml"));

        var described = await kubectl.OkAsync("-n", space, "describe", "job/pi");
        Assert.Matches(@"Pods Statuses:\s+0 Active \(0 Ready\) / 1 Succeeded / 0 Failed", described);
        Assert.Contains("SuccessfulCreate", described);
        Assert.Contains("Completed", described);

        Assert.Contains("deleted", await kubectl.OkAsync("-n", space, "delete", "job", "pi"));
        await Eventually.BecomesAsync(() => kubectl.OkAsync("-n", space, "get", "pods", "-o", "name"), pods => pods.Length == 0, TimeSpan.FromSeconds(30));
    }

    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task The_cronjob_hello_runs_on_the_minute(string version)
    {
        var kubectl = await Kubectl.FindAsync(version, server.KubeConfig, server.Scratch);
        var space = "hello-" + version.Replace('.', '-');
        await kubectl.OkAsync("create", "namespace", space);
        Assert.Equal("cronjob.batch/hello created\n", await kubectl.OkAsync("-n", space, "apply", "-f", Example("hello-cronjob.yaml")));

        await kubectl.OkAsync("-n", space, "create", "job", "--from=cronjob/hello", "manual");
        await kubectl.OkAsync("-n", space, "wait", "--for=condition=complete", "job/manual", "--timeout=60s");
        Assert.Contains("Hello from the Kubernetes cluster", await kubectl.OkAsync("-n", space, "logs", "job/manual"));

        var job = await Eventually.BecomesAsync(
            () => kubectl.OkAsync("-n", space, "get", "jobs", "-o", "name"),
            jobs => jobs.Contains("job.batch/hello-"), TimeSpan.FromSeconds(90));
        var name = job.Split('\n').First(line => line.StartsWith("job.batch/hello-"));
        await kubectl.OkAsync("-n", space, "wait", "--for=condition=complete", name, "--timeout=60s");
        Assert.Contains("Hello from the Kubernetes cluster", await kubectl.OkAsync("-n", space, "logs", name));
        Assert.Matches(@"hello\s+\* \* \* \* \*\s+<none>\s+False\s+\d+\s+\d+s\s+", await kubectl.OkAsync("-n", space, "get", "cronjob", "hello"));
        Assert.Contains("SuccessfulCreate", await kubectl.OkAsync("-n", space, "describe", "cronjob", "hello"));
        await kubectl.OkAsync("delete", "namespace", space);
    }

    // Outside of any cluster: Debian 12's own perl fails beyond 1,000 digits unless it has GMP.
    private static async Task<bool> PerlKnowsPiAsync() => File.Exists("/usr/bin/perl") &&
        (await BinaryProcess.RunAsync("/usr/bin/perl", Path.GetTempPath(), null, ["-Mbignum=bpi", "-e", "bpi(2000)"])).ExitCode == 0;

    private static string Example(string name) => Path.Combine(AppContext.BaseDirectory, "examples", name);
}
