using System.Reflection;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Tests.Architecture;

namespace ControlPlane.Tests.Api.Errors;

public sealed class ApiErrorsTests
{
    private static readonly ResourceDescriptor Jobs = ResourceRegistry.BuiltIn.Get(new("batch", "v1", "Job"));

    public static TheoryData<string> Factories => [.. Makers.Select(maker => maker.Name)];

    private static IEnumerable<MethodInfo> Makers => typeof(ApiErrors).GetMethods(BindingFlags.Public | BindingFlags.Static);

    [Theory]
    [MemberData(nameof(Factories))]
    public void Every_error_is_documented_with_its_code_and_reason(string factory)
    {
        var status = Make(factory).Status;
        Assert.Single(Rows(), row => row[0] == $"`{factory}`" && row[1] == $"{status.Code}" && row[2] == status.Reason);
    }

    [Fact]
    public void Every_documented_error_exists() =>
        Assert.Equal(Makers.Select(maker => $"`{maker.Name}`").Order(StringComparer.Ordinal), Rows().Select(row => row[0]).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Factories))]
    public void Every_error_is_produced_somewhere(string factory)
    {
        var uses = Repository.Files("src", ".cs").Any(file => Repository.Read(file).Contains($"ApiErrors.{factory}(", StringComparison.Ordinal));
        Assert.True(uses, $"nothing calls ApiErrors.{factory}: remove the row or use it");
    }

    [Fact]
    public void A_refusal_looks_as_a_real_servers()
    {
        var errors = new FieldErrors();
        errors.Invalid("spec.parallelism", "-1", "must be greater than or equal to 0");
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""
                {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Job.batch \"bad\" is invalid: spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
                 "reason":"Invalid","details":{"name":"bad","group":"batch","kind":"Job","causes":[{"reason":"FieldValueInvalid","message":"Invalid value: -1: must be greater than or equal to 0","field":"spec.parallelism"}]},"code":422}
                """),
            ApiErrors.Invalid(Jobs.Kind, "bad", errors).Status.ToDocument()));
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"jobs.batch \"nope\" not found","reason":"NotFound","details":{"name":"nope","group":"batch","kind":"jobs"},"code":404}"""),
            ApiErrors.NotFound(Jobs, "nope").Status.ToDocument()));
    }

    [Fact]
    public void Two_wrong_fields_are_listed_in_brackets()
    {
        var errors = new FieldErrors();
        errors.Required("spec.a");
        errors.NotSupported("spec.b", "x", "y", "z");
        Assert.Equal("Job.batch \"j\" is invalid: [spec.a: Required value, spec.b: Unsupported value: \"x\": supported values: \"y\", \"z\"]", ApiErrors.Invalid(Jobs.Kind, "j", errors).Message);
    }

    private static ApiException Make(string factory)
    {
        var maker = Makers.Single(candidate => candidate.Name == factory);
        return (ApiException)maker.Invoke(null, [.. maker.GetParameters().Select(Argument)])!;
    }

    private static object Argument(ParameterInfo parameter) => parameter.ParameterType switch
    {
        var type when type == typeof(ResourceDescriptor) => Jobs,
        var type when type == typeof(GroupVersionKind) => Jobs.Kind,
        var type when type == typeof(FieldErrors) => new FieldErrors(),
        var type when type == typeof(int) => 1,
        _ => "x",
    };

    private static List<string[]> Rows() => [.. Repository.Read("docs/errors.md").Split('\n')
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
