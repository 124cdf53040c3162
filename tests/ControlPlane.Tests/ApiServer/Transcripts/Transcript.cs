using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ControlPlane.Tests.ApiServer.Transcripts;

/// <summary>What a real server was asked and answered, in the files beside this one. <c>RV</c>, <c>TIME</c> and <c>UIDn</c> stand for what differs from run
/// to run; objects were shortened, so an answer may hold more than is written, but a Status is compared whole.</summary>
internal static partial class Transcript
{
    public static JsonArray Load(string name) =>
        (JsonArray)JsonNode.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "ApiServer", "Transcripts", name + ".json")))!;

    public static JsonObject Case(string file, string name) =>
        Load(file).OfType<JsonObject>().Single(candidate => candidate["case"]!.GetValue<string>() == name);

    public static IEnumerable<JsonObject> Steps(JsonObject scenario) => ((JsonArray)scenario["steps"]!).OfType<JsonObject>();

    public static async Task<(int Code, JsonNode? Answer)> AskAsync(ServerFixture server, JsonObject request)
    {
        var body = request["body"];
        // A body that is no JSON is written as text.
        var text = body is JsonValue ? body.GetValue<string>() : body?.ToJsonString();
        return await server.SendAsync(
            request["method"]!.GetValue<string>(),
            request["path"]!.GetValue<string>(),
            text,
            request["contentType"]?.GetValue<string>() ?? "application/json",
            request["accept"]?.GetValue<string>());
    }

    /// <summary>Fails with the path of the first difference.</summary>
    public static void Matches(JsonNode? expected, JsonNode? actual, string about)
    {
        var difference = Difference(expected, actual, "", []);
        Assert.True(difference is null, $"{about}: {difference}\nexpected {expected?.ToJsonString()}\nactual   {actual?.ToJsonString()}");
    }

    private static string? Difference(JsonNode? expected, JsonNode? actual, string path, Dictionary<string, string> bound)
    {
        switch (expected)
        {
            case null:
                return actual is null ? null : $"{path} should be null";
            case JsonObject fields:
                if (actual is not JsonObject given) return $"{path} should be an object";
                // One that was not shortened.
                var isStatus = fields["kind"]?.ToString() == "Status" && fields.ContainsKey("apiVersion");
                foreach (var (name, value) in fields)
                {
                    // "details":{} says nothing.
                    if (name == "details" && value is JsonObject { Count: 0 } && given[name] is null) continue;
                    if (!given.ContainsKey(name)) return $"{path}.{name} is missing";
                    if (Difference(value, given[name], $"{path}.{name}", bound) is { } difference) return difference;
                }

                var extra = isStatus ? given.Select(pair => pair.Key).FirstOrDefault(name => !fields.ContainsKey(name) && name != "details") : null;
                return extra is null ? null : $"{path}.{extra} is more than a real server says";
            case JsonArray written:
                // A real server says some causes twice.
                var items = path.EndsWith(".causes") ? [.. written.DistinctBy(item => item!.ToJsonString()).Select(item => item!.DeepClone())] : written;
                if (actual is not JsonArray list) return $"{path} should be a list";
                if (items.Count != list.Count) return $"{path} should have {items.Count} elements and has {list.Count}";
                return items.Select((item, index) => Difference(item, list[index], $"{path}[{index}]", bound)).FirstOrDefault(difference => difference is not null);
            default:
                return SameText(expected.ToString(), actual?.ToString() ?? "", bound) ? null : $"{path} should be {expected} and is {actual}";
        }
    }

    private static bool SameText(string expected, string actual, Dictionary<string, string> bound) => expected switch
    {
        "RV" => actual.Length > 0 && actual.All(char.IsAsciiDigit),
        "TIME" => DateTimeOffset.TryParse(actual, out _),
        "CONTINUE" => actual.Length > 0,
        _ when Uid().IsMatch(expected) => Guid.TryParse(actual, out _) && (bound.TryAdd(expected, actual) || bound[expected] == actual),
        // Ours goes on to say which operation of the patch, and why.
        "the server rejected our request due to an error in our request" => actual.StartsWith(expected),
        _ => Normalise(expected) == Normalise(actual),
    };

    // Uids and revisions within a sentence; ages of a row; how Go spells a list.
    private static string Normalise(string text) => Age().Replace(Number().Replace(AnyGuid().Replace(text.Replace("(UID)", "(GUID)"), "GUID"), "(N)"), "AGE").Replace("[]string{\"ex.com/b\"}", "[\"ex.com/b\"]");

    [GeneratedRegex("^UID\\d*$")]
    private static partial Regex Uid();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex AnyGuid();

    [GeneratedRegex("\\(\\d+\\)")]
    private static partial Regex Number();

    [GeneratedRegex("^\\d+s$")]
    private static partial Regex Age();
}
