using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Selectors;
using CsCheck;

namespace ControlPlane.Tests.Api.Selectors;

public sealed class LabelSelectorTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "web", ["n"] = "5", ["empty"] = "", ["example.com/tier"] = "front" };

    [Theory]
    [InlineData("", true)]
    [InlineData(" ", true)]
    [InlineData("app=web", true)]
    [InlineData("app==web", true)]
    [InlineData(" app = web , n = 5 ", true)]
    [InlineData("app=web,n=6", false)]
    [InlineData("app!=web", false)]
    [InlineData("absent!=web", true)]
    [InlineData("app in (db, web)", true)]
    [InlineData("app in (db)", false)]
    [InlineData("absent in (db)", false)]
    [InlineData("app notin (db)", true)]
    [InlineData("absent notin (db)", true)]
    [InlineData("app", true)]
    [InlineData("!app", false)]
    [InlineData("!absent", true)]
    [InlineData("empty=", true)]
    [InlineData("empty", true)]
    [InlineData("empty in ()", true)]
    [InlineData("app in (,web)", true)]
    [InlineData("app in (db,)", false)]
    [InlineData("n>4", true)]
    [InlineData("n>5", false)]
    [InlineData("n<6", true)]
    [InlineData("app<6", false)]
    [InlineData("absent>1", false)]
    [InlineData("example.com/tier=front", true)]
    public void A_selector_selects(string text, bool expected)
    {
        var selector = LabelSelector.Parse(text);
        Assert.Equal(expected, selector.Matches(Labels));
        Assert.Equal(expected, selector.Matches(Document(Labels)));
    }

    [Theory]
    [InlineData("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("a,", "found '', expected: identifier after ','")]
    [InlineData("a in b", "unable to parse requirement: found 'b' expected: '('")]
    [InlineData("a in (b", "unable to parse requirement: found '', expected: ',' or ')'")]
    [InlineData("=b", "found '=', expected: !, identifier, or 'end of string'")]
    [InlineData("a=b c", "found 'c', expected: ',' or 'end of string'")]
    [InlineData("a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer")]
    public void What_is_no_selector_is_refused_in_the_words_of_a_real_server(string text, string message)
    {
        var refusal = Assert.Throws<ApiException>(() => LabelSelector.Parse(text));
        Assert.Equal((400, "BadRequest", message), (refusal.Status.Code, refusal.Status.Reason, refusal.Status.Message));
    }

    [Fact]
    public void Keys_and_values_must_be_spelled_as_labels_are()
    {
        Assert.Contains("name part must consist of", Assert.Throws<ApiException>(() => LabelSelector.Parse("a$=b")).Message, StringComparison.Ordinal);
        Assert.Contains("values[0][a]: Invalid value: \"b$\"", Assert.Throws<ApiException>(() => LabelSelector.Parse("a=b$")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_document_selector_combines_labels_and_expressions()
    {
        var selector = LabelSelector.FromDocument((JsonObject)JsonNode.Parse("""
            {"matchLabels":{"app":"web"},"matchExpressions":[{"key":"n","operator":"In","values":["5","6"]},{"key":"absent","operator":"DoesNotExist"}]}
            """)!);
        Assert.True(selector.Matches(Labels));
        Assert.False(selector.Matches(new Dictionary<string, string> { ["app"] = "web" }));
    }

    [Fact]
    public void An_absent_document_selector_matches_nothing_and_an_empty_one_everything()
    {
        Assert.False(LabelSelector.FromDocument(null).Matches(Labels));
        Assert.False(LabelSelector.FromDocument(null).IsEverything);
        Assert.True(LabelSelector.FromDocument([]).Matches(Labels));
        Assert.True(LabelSelector.FromDocument([]).IsEverything);
    }

    [Fact]
    public void An_unknown_operator_in_a_document_is_refused() => Assert.Throws<ApiException>(() =>
        LabelSelector.FromDocument((JsonObject)JsonNode.Parse("""{"matchExpressions":[{"key":"n","operator":"Like","values":["5"]}]}""")!));

    [Fact]
    public void A_selector_printed_and_parsed_again_selects_the_same()
    {
        var key = Gen.OneOf("a", "b", "example.com/c");
        var value = Gen.OneOf("x", "y", "5");
        var requirement = Gen.OneOf<string>(
            Gen.Select(key, value, (k, v) => $"{k}={v}"),
            Gen.Select(key, value, (k, v) => $"{k}!={v}"),
            Gen.Select(key, value, value, (k, v, w) => $"{k} in ({v},{w})"),
            Gen.Select(key, value, value, (k, v, w) => $"{k} notin ({v},{w})"),
            key,
            key.Select(k => $"!{k}"),
            key.Select(k => $"{k}>3"));
        var labels = Gen.Dictionary(key, value)[0, 3];
        Gen.Select(requirement.Array[0, 4], labels).Sample((requirements, of) =>
        {
            var selector = LabelSelector.Parse(string.Join(",", requirements));
            Assert.Equal(selector.Matches(of), LabelSelector.Parse(selector.ToString()).Matches(of));
            Assert.Equal(selector.Matches(of), selector.Matches(Document(of)));
            // Requirements are ANDed: the whole selects what every part selects.
            Assert.Equal(requirements.All(part => LabelSelector.Parse(part).Matches(of)), selector.Matches(of));
        });
    }

    [Fact]
    public void Any_text_is_parsed_or_refused()
    {
        Gen.Char["ab1 =!()<>,$/.in"].Array[0, 14].Select(letters => new string(letters)).Sample(text =>
        {
            try
            {
                LabelSelector.Parse(text).Matches(Labels);
            }
            catch (ApiException refusal)
            {
                Assert.Equal(400, refusal.Status.Code);
            }
        });
    }

    private static JsonObject Document(Dictionary<string, string> labels) => new()
    {
        ["metadata"] = new JsonObject { ["labels"] = new JsonObject(labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))) },
    };
}
