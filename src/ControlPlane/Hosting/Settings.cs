using System.CommandLine;
using System.Text.Json.Nodes;
using ControlPlane.Client.Yaml;
using ControlPlane.Commands;

namespace ControlPlane.Hosting;

/// <summary>Settings of <c>server</c> and <c>agent</c> that were not given as flags: the environment first (<c>CONTROLPLANE_PEER_LISTEN</c>), then the
/// YAML file of <c>--config</c> (<c>peer-listen: …</c>), where every key is a flag's name.</summary>
internal sealed class Settings
{
    private readonly string? _file;
    private readonly JsonObject _values;

    private Settings(string? file, JsonObject values)
    {
        _file = file;
        _values = values;
    }

    /// <summary>A flag that <see cref="Text"/> can be asked for.</summary>
    public static Option<string?> Flag(string name, string help, string description) => new(name) { Description = description, HelpName = help };

    /// <param name="file">Null: environment only.</param>
    /// <param name="known">The names a file may hold; others are refused, since a misspelt setting must not be ignored.</param>
    /// <exception cref="CommandException">The file cannot be read, is not a map, or holds an unknown name.</exception>
    public static Settings Read(string? file, IReadOnlyCollection<string> known)
    {
        if (file is null) return new(null, []);
        JsonNode? document;
        try
        {
            document = YamlDocuments.Read(File.ReadAllBytes(file), file).FirstOrDefault()?.Root;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ManifestException)
        {
            throw new CommandException($"--config {file}: {exception.Message}");
        }

        if (document is not JsonObject values) throw new CommandException($"--config {file}: expected a map of settings such as `name: s1`");
        foreach (var (name, _) in values)
        {
            if (!known.Contains(name)) throw new CommandException($"--config {file}: unknown setting \"{name}\"; known are: {string.Join(", ", known.Order())}");
        }

        return new(file, values);
    }

    /// <summary>The flag if it was given, else environment, else file; null when nobody says.</summary>
    public string? Text(string name, string? flag)
    {
        if (flag is not null) return flag;
        var variable = "CONTROLPLANE_" + name.ToUpperInvariant().Replace('-', '_');
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value) return value;
        return _values[name] switch
        {
            null => null,
            JsonValue scalar => scalar.ToString(),
            JsonArray list => string.Join(',', list.Select(item => item?.ToString())),
            _ => throw new CommandException($"--config {_file}: \"{name}\" must be a value or a list"),
        };
    }

    /// <summary>As <see cref="Text"/>, but somebody must say.</summary>
    public string Required(string name, string? flag) =>
        Text(name, flag) ?? throw new UsageException($"--{name} is required (as a flag, as CONTROLPLANE_{name.ToUpperInvariant().Replace('-', '_')}, or in the file of --config)");
}
