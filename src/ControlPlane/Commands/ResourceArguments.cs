using ControlPlane.Api.Resources;

namespace ControlPlane.Commands;

/// <summary>What <c>RES [NAME…]</c>, <c>RES/NAME…</c> and <c>RES,RES</c> mean.</summary>
/// <param name="Resource">The kind.</param>
/// <param name="Names">Empty: all of them.</param>
internal sealed record ResourceArgument(ResourceDescriptor Resource, IReadOnlyList<string> Names);

/// <summary>Reads the arguments that name resources and objects.</summary>
internal static class ResourceArguments
{
    /// <exception cref="UsageException">Forms are mixed, or there is none.</exception>
    /// <exception cref="CommandException">The server has no such resource.</exception>
    public static async Task<IReadOnlyList<ResourceArgument>> ParseAsync(IReadOnlyList<string> arguments, Cluster cluster, CancellationToken cancellationToken)
    {
        if (arguments.Count == 0) throw new UsageException("say what: a resource such as pods, jobs or nodes, and perhaps a name, for example: job/pi");
        var found = new List<ResourceArgument>();
        if (arguments[0].Contains('/'))
        {
            foreach (var argument in arguments)
            {
                if (argument.Split('/') is not [{ Length: > 0 } type, { Length: > 0 } name]) throw new UsageException($"\"{argument}\" should have the form RESOURCE/NAME, as in job/pi");
                found.Add(new(await cluster.ResourceAsync(type, cancellationToken), [name]));
            }

            return found;
        }

        var names = arguments.Skip(1).ToList();
        if (names.FirstOrDefault(name => name.Contains('/')) is { } mixed) throw new UsageException($"\"{mixed}\": write either RESOURCE NAME... or RESOURCE/NAME..., not both");
        foreach (var type in arguments[0].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (type == "all")
            {
                var served = await cluster.Discovery.ServedAsync(cancellationToken);
                found.AddRange(served.Where(one => one.Categories.Contains("all") && one.Verbs.Contains("list")).Select(one => new ResourceArgument(one, names)));
                continue;
            }

            found.Add(new(await cluster.ResourceAsync(type, cancellationToken), names));
        }

        return found;
    }
}
