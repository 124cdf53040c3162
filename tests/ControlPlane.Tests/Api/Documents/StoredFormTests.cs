using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;

namespace ControlPlane.Tests.Api.Documents;

public sealed class StoredFormTests
{
    [Fact]
    public void The_stored_form_is_compact_starts_with_the_kind_and_holds_no_resourceVersion()
    {
        var document = (JsonObject)JsonNode.Parse("""
            { "data": {"k": "<&>ü"}, "metadata": {"name": "a", "resourceVersion": "5"}, "kind": "ConfigMap", "apiVersion": "v1" }
            """)!;
        Assert.Equal("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"<&>ü"}}""", Encoding.UTF8.GetString(StoredForm.Encode(document)));
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"spec":{}}""", """{"apiVersion":"v1","kind":"A","metadata":{"resourceVersion":"42","name":"a"},"spec":{}}""")]
    [InlineData("""{"apiVersion":"v1","kind":"A","metadata":{}}""", """{"apiVersion":"v1","kind":"A","metadata":{"resourceVersion":"42"}}""")]
    [InlineData("""{"apiVersion":"\"metadata\":{","kind":"A","metadata":{}}""", """{"apiVersion":"\"metadata\":{","kind":"A","metadata":{"resourceVersion":"42"}}""")]
    public void The_revision_is_written_into_metadata(string stored, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(StoredForm.WithResourceVersion(Encoding.UTF8.GetBytes(stored), 42)));

    [Fact]
    public void A_document_without_metadata_gets_an_empty_one()
    {
        var stored = StoredForm.Encode(new JsonObject { ["kind"] = "A", ["apiVersion"] = "v1" });
        Assert.Equal("""{"apiVersion":"v1","kind":"A","metadata":{}}""", Encoding.UTF8.GetString(stored));
    }
}
