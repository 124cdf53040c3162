using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;
using ControlPlane.Client.Yaml;
using ControlPlane.Tests.Architecture;

namespace ControlPlane.Tests.Api.Kinds;

public class ExamplesTests
{
    public static TheoryData<string> Examples => [.. Repository.Files("manifests/examples", ".yaml")];

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_accepted_as_it_stands(string path)
    {
        foreach (var manifest in YamlDocuments.Read(Repository.Read(path), path))
        {
            var document = (JsonObject)manifest.Root;
            Assert.True(ResourceRegistry.BuiltIn.TryFind(GroupVersionKind.From(document["apiVersion"]!.ToString(), document["kind"]!.ToString()), out var resource));
            var warnings = new List<string>();
            DocumentReader.Clean(document, resource, FieldValidation.Strict, [], warnings);
            var rules = KindRules.For(resource);
            rules.Default(document);
            var metadata = document["metadata"]!.AsObject();
            metadata["uid"] = "f0f0f0f0-0000-4000-8000-000000000000";
            metadata["creationTimestamp"] = "2026-01-02T03:04:05Z";
            if (resource.IsNamespaced) metadata["namespace"] = "default";
            rules.PrepareForCreate(document, new WriteContext(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), metadata["uid"]!.ToString(), "me"));
            var errors = new FieldErrors();
            SchemaValidation.Validate(document, resource, errors);
            rules.Validate(document, errors);
            Assert.Empty(errors.All);

            // A kind that is only stored says so; nothing else is worth a word.
            rules.Warn(document, warnings);
            Assert.True(warnings.Count <= (resource.Plural == "services" ? 1 : 0), string.Join('\n', warnings));
        }
    }
}
