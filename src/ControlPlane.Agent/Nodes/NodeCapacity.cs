using System.Collections.Immutable;
using ControlPlane.Api.Quantities;

namespace ControlPlane.Agent.Nodes;

/// <summary>What a node has, by resource name, in Kubernetes' spelling of quantities.</summary>
public sealed record NodeCapacity(ImmutableSortedDictionary<string, string> Resources)
{
    /// <summary>What a simulated node has when nothing is said.</summary>
    public static readonly NodeCapacity SimulatedDefault = Parse("cpu=32,memory=128Gi,pods=110");

    /// <summary>Reads <c>cpu=32,memory=128Gi,pods=110</c>; what is not named is taken from the default of a simulated node.</summary>
    /// <exception cref="FormatException">The message says what would be right.</exception>
    public static NodeCapacity Parse(string text)
    {
        var resources = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        (resources["cpu"], resources["memory"], resources["pods"], resources["ephemeral-storage"]) = ("32", "128Gi", "110", "1Ti");
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=');
            if (equals <= 0) throw new FormatException($"\"{part}\" is not resource=quantity, such as cpu=32,memory=128Gi,pods=110");
            var (name, quantity) = (part[..equals], part[(equals + 1)..]);
            if (!Quantity.TryParse(quantity, out _)) throw new FormatException($"{name}: \"{quantity}\" is not a quantity, such as 32, 500m or 128Gi");
            resources[name] = quantity;
        }

        return new(resources.ToImmutable());
    }
}
