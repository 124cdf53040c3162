using ControlPlane.Api.Resources;

namespace ControlPlane.Tests.Api.Resources;

public sealed class ResourceRegistryTests
{
    private static readonly ResourceRegistry Registry = ResourceRegistry.BuiltIn;

    [Fact]
    public void Every_served_resource_has_a_schema()
    {
        Assert.All(Registry.All, resource => Assert.False(string.IsNullOrEmpty(resource.SchemaName), resource.QualifiedName));
    }

    [Fact]
    public void A_job_is_found_by_path_and_by_kind()
    {
        Assert.True(Registry.TryFind("batch", "v1", "jobs", out var byPath));
        Assert.True(Registry.TryFind(GroupVersionKind.From("batch/v1", "Job"), out var byKind));
        Assert.Same(byPath, byKind);
        Assert.Equal("io.k8s.api.batch.v1.Job", byPath.SchemaName);
        Assert.Equal("jobs.batch", byPath.QualifiedName);
        Assert.Equal("/apis/batch/v1/namespaces/a/jobs/b/status", byPath.Path("a", "b", "status"));
        Assert.True(byPath.HasSubresource("status"));
        Assert.False(byPath.HasSubresource("scale"));
    }

    [Theory]
    [InlineData("po", "pods")]
    [InlineData("Pod", "pods")]
    [InlineData("POD", "pods")]
    [InlineData("cj", "cronjobs.batch")]
    [InlineData("job.batch", "jobs.batch")]
    [InlineData("jobs.v1.batch", "jobs.batch")]
    [InlineData("pods.v1.", "pods")]
    [InlineData("events", "events")]
    [InlineData("events.events.k8s.io", "events.events.k8s.io")]
    [InlineData("pc", "priorityclasses.scheduling.k8s.io")]
    public void What_a_user_types_finds_the_resource(string typed, string expected)
    {
        Assert.True(Registry.TryFindByUserInput(typed, out var resource));
        Assert.Equal(expected, resource.QualifiedName);
    }

    [Theory]
    [InlineData("jobz")]
    [InlineData("")]
    [InlineData("job.apps")]
    public void What_is_no_resource_is_not_found(string typed) => Assert.False(Registry.TryFindByUserInput(typed, out _));

    [Fact]
    public void A_kind_that_nothing_acts_on_is_not_offered()
    {
        Assert.False(Registry.TryFind("apps", "v1", "deployments", out _));
        Assert.True(Registry.TryFind("", "v1", "pods", out var pods));
        Assert.False(pods.HasSubresource("portforward"));
    }

    [Fact]
    public void A_subresource_may_carry_a_kind_of_another_name()
    {
        Assert.True(Registry.TryFind("", "v1", "pods", out var pods));
        Assert.Equal(new GroupVersionKind("", "v1", "Binding"), Assert.Single(pods.Subresources, subresource => subresource.Name == "binding").Kind);
    }
}
