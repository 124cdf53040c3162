using ControlPlane.Harness;

namespace ControlPlane.Conformance;

/// <summary>node with the npm packages of this folder's package.json.</summary>
internal sealed class NodeClient
{
    private readonly string _folder;

    private NodeClient(string folder) => _folder = folder;

    /// <summary>node with the packages installed (<c>npm ci</c> in tests/ControlPlane.Conformance), or the test is skipped by name.</summary>
    public static NodeClient Find()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "node")));
        Assert.SkipUnless(path, "node is not on the PATH");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var source = Path.Combine(folder.FullName, "tests", "ControlPlane.Conformance");
            if (!File.Exists(Path.Combine(source, "package.json"))) continue;
            Assert.SkipUnless(Directory.Exists(Path.Combine(source, "node_modules", "@microsoft", "signalr")),
                "the npm SignalR client is not installed: run `npm ci` in tests/ControlPlane.Conformance");
            return new(Path.Combine(source, "node"));
        }

        throw new InvalidOperationException("tests/ControlPlane.Conformance not found above the test binary");
    }

    public BinaryProcess Start(string workingFolder, string script, params string[] arguments) =>
        BinaryProcess.Start("node", workingFolder, null, [Path.Combine(_folder, script), .. arguments]);
}
