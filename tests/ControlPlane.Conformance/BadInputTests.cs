namespace ControlPlane.Conformance;

/// <summary>Wrong manifests get an answer that names the field and the fix, and nothing is stored.</summary>
public sealed class BadInputTests(DevServer server) : IClassFixture<DevServer>
{
    [Theory]
    [MemberData(nameof(Kubectl.Versions), MemberType = typeof(Kubectl))]
    public async Task Every_mistake_is_named_and_nothing_is_stored(string version)
    {
        var kubectl = await Kubectl.FindAsync(version, server.KubeConfig, server.Scratch);

        await RefusedAsync(kubectl, Job("parallelsm: 3"), "unknown field \"spec.parallelsm\"");
        await RefusedAsync(kubectl, Job("parallelism: many"), "spec.parallelism");
        await RefusedAsync(kubectl, Job("completions: -1"), "spec.completions", "must be greater than or equal to 0");
        await RefusedAsync(kubectl, "apiVersion: batch/v1\nkind: Jobb\nmetadata: {name: bad}\n", "no matches for kind \"Jobb\"");
        await RefusedAsync(kubectl, "apiVersion: batch/v1\nkind: Job\n\tmetadata: {name: bad}\n", "yaml");
        await RefusedAsync(kubectl,
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: bad}\nspec:\n  schedule: \"61 * * * *\"\n  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}\n",
            "spec.schedule", "61");
        await RefusedAsync(kubectl, $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: bad}}\ndata: {{big: \"{new string('x', 3 * 1024 * 1024)}\"}}\n", "");

        Assert.Equal("", await kubectl.OkAsync("get", "jobs,cronjobs", "-o", "name"));
        Assert.DoesNotContain("bad", await kubectl.OkAsync("get", "configmaps", "-o", "name"));
    }

    private static async Task RefusedAsync(Kubectl kubectl, string manifest, params string[] named)
    {
        var error = await kubectl.RefusedAsync(manifest, "create", "-f", "-");
        foreach (var text in named) Assert.Contains(text, error);
    }

    private static string Job(string specLine) =>
        $"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: bad}}\nspec:\n  {specLine}\n  template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: i, command: [\"true\"]}}]}}}}\n";
}
