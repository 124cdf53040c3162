using System.Text.Json.Nodes;
using ControlPlane.Commands;

namespace ControlPlane.Tests.Commands;

public sealed class LastAppliedTests
{
    [Fact]
    public void The_annotation_is_byte_for_byte_what_kubectl_writes()
    {
        // Written by kubectl 1.32 for the same manifest.
        const string Kubectl = """{"apiVersion":"v1","data":{"html":"\u003cb\u003e\u0026amp;\u003c/b\u003e é 😀 \u2028","script":"#!/bin/sh\necho \"hi\"\ttab\n"},"kind":"ConfigMap","metadata":{"annotations":{},"creationTimestamp":null,"labels":{"a":"1"},"name":"rich","namespace":"default"}}""" + "\n";
        var manifest = (JsonObject)JsonNode.Parse("""
            {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"rich","namespace":"default","creationTimestamp":null,"labels":{"a":"1"}},
            "data":{"script":"#!/bin/sh\necho \"hi\"\ttab\n","html":"<b>&amp;</b> é 😀 \u2028"}}
            """)!;
        Assert.Equal(Kubectl, LastApplied.Annotate(manifest)["metadata"]!["annotations"]![LastApplied.Annotation]!.GetValue<string>());
        Assert.Null(manifest["metadata"]!["annotations"]);
    }

    [Theory]
    [InlineData(1.0, "1")]
    [InlineData(0.5, "0.5")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(1e21, "1e+21")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(1e-7, "1e-7")]
    [InlineData(-2.5e-8, "-2.5e-8")]
    public void Numbers_are_written_as_Go_writes_them(double number, string text) => Assert.Equal(text, LastApplied.Write(JsonValue.Create(number)));

    [Fact]
    public void An_annotation_of_an_annotation_is_left_out()
    {
        var once = LastApplied.Annotate((JsonObject)JsonNode.Parse("""{"metadata":{"name":"a"}}""")!);
        Assert.Equal(once.ToJsonString(), LastApplied.Annotate(once).ToJsonString());
    }

    [Fact]
    public void A_spoilt_annotation_reads_as_none() =>
        Assert.Null(LastApplied.Of((JsonObject)JsonNode.Parse($$$"""{"metadata":{"annotations":{"{{{LastApplied.Annotation}}}":"{oops"} } }""")!));
}
