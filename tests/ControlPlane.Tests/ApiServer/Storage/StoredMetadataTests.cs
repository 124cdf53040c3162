using System.Text;
using ControlPlane.Api.Kinds;
using ControlPlane.ApiServer.Storage;

namespace ControlPlane.Tests.ApiServer.Storage;

public sealed class StoredMetadataTests
{
    [Fact]
    public void Metadata_is_cut_out_whole_wherever_it_stands()
    {
        var json = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"}":"{","b":"c"},"uid":"u"},"data":{"metadata":"x"}}"""u8;
        Assert.Equal("""{"name":"a","labels":{"}":"{","b":"c"},"uid":"u"}""", Encoding.UTF8.GetString(StoredMetadata.Slice(json)));
        Assert.Equal("u", StoredMetadata.Uid(json));
        Assert.Equal(new Dictionary<string, string> { ["}"] = "{", ["b"] = "c" }, StoredMetadata.Labels(json));
    }

    [Fact]
    public void What_is_absent_reads_as_nothing()
    {
        Assert.True(StoredMetadata.Slice("""{"data":{"metadata":{}}}"""u8).IsEmpty);
        Assert.Equal("", StoredMetadata.Uid("""{"metadata":{}}"""u8));
        Assert.Null(StoredMetadata.Labels("""{"metadata":{"name":"a"}}"""u8));
    }

    [Fact]
    public void Keys_of_a_kind_and_of_a_namespace_are_ranges()
    {
        Assert.Equal("/registry/batch/jobs/default/pi", Encoding.UTF8.GetString(ObjectKeys.Of(Job.Resource, "default", "pi")));
        Assert.Equal("/registry/core/nodes/n1", Encoding.UTF8.GetString(ObjectKeys.Of(Node.Resource, null, "n1")));
        Assert.Equal(("default", "pi"), ObjectKeys.NameOf(Job.Resource, ObjectKeys.Of(Job.Resource, "default", "pi")));
        Assert.Equal((null, "n1"), ObjectKeys.NameOf(Node.Resource, ObjectKeys.Of(Node.Resource, null, "n1")));
        var prefix = ObjectKeys.Prefix(Job.Resource, "default");
        Assert.True(ObjectKeys.Of(Job.Resource, "default", "zzz").AsSpan().SequenceCompareTo(ObjectKeys.EndOf(prefix)) < 0);
        Assert.True(ObjectKeys.Of(Job.Resource, "default2", "a").AsSpan().SequenceCompareTo(ObjectKeys.EndOf(prefix)) > 0);
    }
}
