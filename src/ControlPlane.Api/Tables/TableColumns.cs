using System.Collections.Immutable;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Tables;

/// <param name="Priority">0 is always shown, higher only with <c>-o wide</c>.</param>
public sealed record TableColumn(string Name, string Type, string Format, int Priority);

/// <summary>The columns of <c>as=Table</c> answers, read from the embedded <c>table-columns.json</c>; Name and Age for kinds without a row.</summary>
public static class TableColumns
{
    public static ImmutableArray<TableColumn> For(ResourceDescriptor resource) => throw new NotImplementedException(resource.Plural);
}
