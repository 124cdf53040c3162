using ControlPlane.Api.Resources;
using ControlPlane.Api.Tables;

namespace ControlPlane.Tests.Api.Tables;

public sealed class TableColumnsTests
{
    [Fact]
    public void Jobs_have_the_columns_of_a_real_server()
    {
        Assert.True(ResourceRegistry.BuiltIn.TryFind("batch", "v1", "jobs", out var jobs));
        Assert.Equal(["Name", "Status", "Completions", "Duration", "Age", "Containers", "Images", "Selector"], TableColumns.For(jobs).Select(column => column.Name));
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 1], TableColumns.For(jobs).Select(column => column.Priority));
    }

    [Fact]
    public void A_kind_without_a_row_shows_name_and_age()
    {
        Assert.True(ResourceRegistry.BuiltIn.TryFind("batch", "v1", "jobs", out var jobs));
        var unknown = jobs with { Kind = new("example.com", "v1", "Widget"), Plural = "widgets" };
        Assert.Equal(["Name", "Age"], TableColumns.For(unknown).Select(column => column.Name));
    }
}
