using CsCheck;

namespace ControlPlane.Tests.Api.Patches;

/// <summary>Small JSON texts over few names, so that patches and documents meet.</summary>
internal static class JsonGen
{
    private static readonly Gen<string> Name = Gen.OneOf("a", "b", "c", "d");

    private static readonly Gen<string> Scalar = Gen.OneOf("null", "true", "1", "2", "\"x\"", "\"y\"");

    public static Gen<string> Value { get; } = Gen.Recursive<string>((depth, value) => depth > 2 ? Scalar : Gen.OneOf<string>(Scalar, ObjectOf(value), ListOf(value)));

    public static Gen<string> Object { get; } = ObjectOf(Value);

    private static Gen<string> ObjectOf(Gen<string> value) =>
        Gen.Select(Name, value).Array[0, 4].Select(members => $"{{{string.Join(",", members.DistinctBy(member => member.Item1).Select(member => $"\"{member.Item1}\":{member.Item2}"))}}}");

    private static Gen<string> ListOf(Gen<string> value) => value.Array[0, 3].Select(values => $"[{string.Join(",", values)}]");
}
