using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;
using ControlPlane.Commands;

namespace ControlPlane.Tests.Commands;

public sealed class DescriptionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void An_object_reads_from_its_names_to_its_events()
    {
        var document = (JsonObject)JsonNode.Parse("""
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi","namespace":"demo","labels":{"a":"b","c":"d"},"creationTimestamp":"2026-01-02T03:03:00Z","uid":"u"},
            "spec":{"backoffLimit":4,"template":{"spec":{"containers":[{"name":"pi","image":"perl","command":["perl","-e"]}],"nodeSelector":{}}}},
            "status":{"active":1,"conditions":[{"type":"Complete","status":"True","lastTransitionTime":"2026-01-02T03:03:05Z","message":"all done"}]}}
            """)!;
        var events = new[]
        {
            new Event { Type = "Normal", Reason = "Completed", Message = "Job completed", LastTimestamp = Now.AddSeconds(-1), ReportingComponent = "job-controller" },
            new Event { Type = "Normal", Reason = "SuccessfulCreate", Message = "Created pod: pi-x", LastTimestamp = Now.AddSeconds(-10), Count = 3, Source = new() { Component = "job-controller" } },
        };
        Assert.Equal("""
            Name:                   pi
            Namespace:              demo
            Labels:                 a: b
                                    c: d
            Annotations:            <none>
            Created:                2026-01-02T03:03:00Z (65s ago)
            Spec:
              Backoff Limit:        4
              Template:
                Spec:
                  Containers:
                    pi:
                      Image:        perl
                      Command:      perl -e
                  Node Selector:    <none>
            Status:
              Active:               1
            Conditions:
              TYPE       STATUS   SINCE   REASON   MESSAGE
              Complete   True     60s              all done
            Events:
              TYPE     REASON             AGE        FROM             MESSAGE
              Normal   SuccessfulCreate   10s (x3)   job-controller   Created pod: pi-x
              Normal   Completed          1s         job-controller   Job completed

            """.ReplaceLineEndings("\n"), Description.Of(document, events, Now));
    }

    [Fact]
    public void A_secret_shows_how_much_it_holds_and_not_what()
    {
        var text = Description.Of((JsonObject)JsonNode.Parse("""{"kind":"Secret","metadata":{"name":"s"},"data":{"password":"aHVudGVyMg=="}}""")!, [], Now);
        Assert.Contains("7 bytes", text, StringComparison.Ordinal);
        Assert.DoesNotContain("aHVudGVyMg", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backoffLimit", "Backoff Limit")]
    [InlineData("podIP", "Pod IP")]
    [InlineData("clusterIPs", "Cluster IPs")]
    [InlineData("batch.kubernetes.io/job-name", "batch.kubernetes.io/job-name")]
    [InlineData("README", "README")]
    public void Field_names_become_titles(string field, string title) => Assert.Equal(title, Description.Title(field));
}
