using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using ControlPlane.Api.Facts;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Tables;

/// <param name="Priority">0 is always shown, higher only with <c>-o wide</c>.</param>
public sealed record TableColumn(string Name, string Type, string Format, int Priority);

/// <summary>The columns of <c>as=Table</c> answers, read from the embedded <c>table-columns.json</c>; Name and Age for kinds without a row.</summary>
public static class TableColumns
{
    private static readonly ImmutableArray<TableColumn> NameAndAge = [new("Name", "string", "name", 0), new("Age", "string", "", 0)];

    private static readonly FrozenDictionary<string, ImmutableArray<TableColumn>> ByResource = Read();

    /// <summary>In the order of the cells; never empty, the first is the name.</summary>
    public static ImmutableArray<TableColumn> For(ResourceDescriptor resource) =>
        ByResource.TryGetValue($"{resource.Kind.ApiVersion}/{resource.Plural}", out var columns) ? columns : NameAndAge;

    private static FrozenDictionary<string, ImmutableArray<TableColumn>> Read()
    {
        using var rows = JsonDocument.Parse(EmbeddedFacts.Read("table-columns.json"));
        return rows.RootElement.EnumerateObject().ToFrozenDictionary(row => row.Name, row => row.Value.EnumerateArray().Select(Column).ToImmutableArray());
    }

    private static TableColumn Column(JsonElement column) => new(column[0].GetString()!, column[1].GetString()!, column[2].GetString()!, column[3].GetInt32());
}
