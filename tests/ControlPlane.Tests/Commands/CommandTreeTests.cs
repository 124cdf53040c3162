using ControlPlane.Commands;

namespace ControlPlane.Tests.Commands;

public sealed class CommandTreeTests
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    [Theory]
    [InlineData("aply -f x", "error: unknown command \"aply\"; did you mean \"apply\"?\nSee 'controlplane --help'.\n")]
    [InlineData("", "error: a command is missing; there are: apply, get, describe, delete, logs, watch, member, move-leader, snapshot, version\nSee 'controlplane --help'.\n")]
    [InlineData("get pods --outptu json", "error: unknown option \"--outptu\"; did you mean \"--output\"?\nSee 'controlplane get --help'.\n")]
    [InlineData("get pods -o xml", "error: --output: \"xml\" is not one of wide, yaml, json, name\nSee 'controlplane get --help'.\n")]
    [InlineData("logs x --tail many", "error: --tail: \"many\" is not a number\nSee 'controlplane logs --help'.\n")]
    [InlineData("logs x --since soon", "error: --since: \"soon\" is not a length of time; write for example 30s, 5m or 1h30m\n")]
    [InlineData("logs x --tail -5", "error: --tail: -5 lines cannot be; give 0 or more\n")]
    [InlineData("delete", "error: say what to delete: either RESOURCE NAME or -f FILE\n")]
    [InlineData("apply", "error: option '--filename' is required\nSee 'controlplane apply --help'.\n")]
    public async Task Wrong_usage_is_explained_and_ends_with_2(string line, string expected)
    {
        Assert.Equal(CommandTree.WrongUsage, await RunAsync(line));
        Assert.Equal(expected, _error.ToString());
        Assert.Empty(_out.ToString());
    }

    [Theory]
    [InlineData("get pods --kubeconfig /no/such/file", "error: no kubeconfig at /no/such/file")]
    [InlineData("apply -f /no/such/file", "error: the path \"/no/such/file\" does not exist\n")]
    public async Task A_failure_is_one_sentence_and_ends_with_1(string line, string expected)
    {
        Assert.Equal(CommandTree.Failed, await RunAsync(line));
        Assert.StartsWith(expected, _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apply")]
    [InlineData("get")]
    [InlineData("describe")]
    [InlineData("delete")]
    [InlineData("logs")]
    [InlineData("watch")]
    [InlineData("member list")]
    [InlineData("version")]
    public async Task Every_help_ends_with_examples_that_parse(string command)
    {
        Assert.Equal(CommandTree.Done, await RunAsync($"{command} --help"));
        var help = _out.ToString();
        var examples = help[help.IndexOf("Examples:\n", StringComparison.Ordinal)..].Split('\n').Where(line => line.Contains("controlplane ", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(examples);
        foreach (var example in examples)
        {
            var line = example[(example.IndexOf("controlplane ", StringComparison.Ordinal) + 13)..].Split('#')[0].Split('|')[0];
            Assert.Empty(CommandTree.Create(Quiet()).Parse(line.Trim()).Errors);
        }
    }

    [Fact]
    public async Task The_version_is_known_without_a_server()
    {
        Assert.Equal(CommandTree.Done, await RunAsync("version --client"));
        Assert.Matches("^controlplane [0-9]+\\.[0-9]+\\.[0-9]+\n$", _out.ToString());
    }

    private Terminal Quiet() => new(_out, _error, new StringReader(""));

    private Task<int> RunAsync(string line) => CommandTree.RunAsync(CommandTree.Create(Quiet()), line.Split(' ', StringSplitOptions.RemoveEmptyEntries), Quiet());
}
