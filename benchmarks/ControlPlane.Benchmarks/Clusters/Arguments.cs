namespace ControlPlane.Benchmarks.Clusters;

/// <summary><c>--name value</c> pairs of a scenario.</summary>
internal sealed class Arguments(string[] words)
{
    public int Number(string name, int otherwise)
    {
        var at = Array.IndexOf(words, "--" + name);
        return at >= 0 && at + 1 < words.Length ? int.Parse(words[at + 1]) : otherwise;
    }

    public string Word(string name, string otherwise)
    {
        var at = Array.IndexOf(words, "--" + name);
        return at >= 0 && at + 1 < words.Length ? words[at + 1] : otherwise;
    }
}
