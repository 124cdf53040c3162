using ControlPlane.Client.Yaml;
using ControlPlane.Commands;

namespace ControlPlane.Tests.Commands;

public sealed class ManifestsTests
{
    [Fact]
    public async Task Lists_are_flattened_and_folders_read_in_name_order()
    {
        var folder = Directory.CreateTempSubdirectory("manifests");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "b.yaml"), "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: p}}\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n");
            File.WriteAllText(Path.Combine(folder.FullName, "a.json"), """{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"n"}}""");
            File.WriteAllText(Path.Combine(folder.FullName, "notes.txt"), "not a manifest");
            var read = await Manifests.ReadAsync([folder.FullName, "-"], new StringReader("apiVersion: v1\nkind: Node\nmetadata: {name: x}\n"), CancellationToken.None);
            Assert.Equal(["batch/v1 Job n/j", "v1 Pod /p", "v1 Secret /s", "v1 Node /x"], read.Select(one => $"{one.Kind} {one.Namespace}/{one.Name}"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("metadata:\n  name: x\nkind: Job\n", "standard input:1: apiVersion is missing or not text; add it")]
    [InlineData("apiVersion: v1\nkind: 5\n", "standard input:2: kind is missing or not text")]
    [InlineData("- a\n", "standard input:1: not an object")]
    [InlineData("apiVersion: v1\nkind: List\nitems: [5]\n", "an item of the list is not an object")]
    public async Task What_no_object_can_lack_is_asked_for(string yaml, string expected)
    {
        var error = await Assert.ThrowsAsync<ManifestException>(() => Manifests.ReadAsync(["-"], new StringReader(yaml), CancellationToken.None));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_without_objects_are_no_success()
    {
        var error = await Assert.ThrowsAsync<CommandException>(() => Manifests.ReadAsync(["-"], new StringReader("# nothing\n---\n"), CancellationToken.None));
        Assert.Contains("no objects in -", error.Message, StringComparison.Ordinal);
    }
}
