using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Client.Yaml;
using CsCheck;

namespace ControlPlane.Tests.Client.Yaml;

public sealed class YamlDocumentsTests
{
    [Theory]
    // YAML 1.1 words, as Kubernetes reads them.
    [InlineData("yes", "true")]
    [InlineData("On", "true")]
    [InlineData("y", "true")]
    [InlineData("NO", "false")]
    [InlineData("off", "false")]
    [InlineData("'yes'", "\"yes\"")]
    [InlineData("\"on\"", "\"on\"")]
    [InlineData("yEs", "\"yEs\"")]
    [InlineData("~", "null")]
    [InlineData("null", "null")]
    [InlineData("'null'", "\"null\"")]
    [InlineData("", "null")]
    // Numbers.
    [InlineData("12", "12")]
    [InlineData("+12", "12")]
    [InlineData("-0x1F", "-31")]
    [InlineData("0777", "511")]
    [InlineData("0o17", "15")]
    [InlineData("0b101", "5")]
    [InlineData("1_000", "1000")]
    [InlineData("08", "8")]
    [InlineData("1.5", "1.5")]
    [InlineData(".5", "0.5")]
    [InlineData("1e3", "1000")]
    [InlineData("9223372036854775808", "9223372036854775808")]
    // What only looks like a number or a date.
    [InlineData("1.28.0", "\"1.28.0\"")]
    [InlineData("100m", "\"100m\"")]
    [InlineData("12:30", "\"12:30\"")]
    [InlineData("2024-01-02", "\"2024-01-02\"")]
    [InlineData("2024-01-02T03:04:05Z", "\"2024-01-02T03:04:05Z\"")]
    [InlineData("0x", "\"0x\"")]
    // Tags.
    [InlineData("!!str 12", "\"12\"")]
    [InlineData("!!binary aGVsbG8=", "\"hello\"")]
    [InlineData("!custom x", "\"x\"")]
    // Forms of text.
    [InlineData("|\n  a\n  \tb\n", "\"a\\n\\tb\\n\"")]
    [InlineData(">-\n  a\n  b\n", "\"a b\"")]
    [InlineData("{a: [1, 'x'], \"b\": {}}", """{"a":[1,"x"],"b":{}}""")]
    public void A_scalar_means_what_Kubernetes_takes_it_for(string yaml, string json) => Assert.Equal($$"""{"v":{{json}}}""", Read($"v: {yaml}").ToJsonString(Relaxed));

    [Fact]
    public void Keys_are_text_whatever_they_look_like() => Assert.Equal("""{"1":0,"true":0,"1.5":0,"x":0}""", Read("1: 0\nyes: 0\n1.5: 0\n'x': 0").ToJsonString());

    [Fact]
    public void Anchors_are_copied_and_merge_keys_give_way_to_the_mappings_own()
    {
        var document = Read("""
            base: &base {image: a, cpu: 1}
            more: &more {cpu: 2, memory: 3}
            one:
              <<: *base
              cpu: 9
            two:
              cpu: 8
              <<: [*more, *base]
            """);
        Assert.Equal("""{"cpu":9,"image":"a"}""", document["one"]!.ToJsonString());
        Assert.Equal("""{"cpu":8,"memory":3,"image":"a"}""", document["two"]!.ToJsonString());
    }

    [Fact]
    public void Documents_are_separated_and_empty_ones_left_out()
    {
        var documents = YamlDocuments.Read("# first\n---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n", "x.yaml");
        Assert.Equal([3, 8], documents.Select(document => document.Line));
        Assert.Equal(["""{"a":1}""", """{"b":2}"""], documents.Select(document => document.Root.ToJsonString()));
    }

    [Fact]
    public void Json_may_be_indented_with_tabs_and_come_several_in_a_row()
    {
        var documents = YamlDocuments.Read("{\n\t\"a\": \"\\ud83d\\ude00\"\n}\n{\"b\": 1e2}", "x.json");
        Assert.Equal("😀", documents[0].Root["a"]!.GetValue<string>());
        Assert.Equal(100, documents[1].Root["b"]!.GetValue<double>());
        Assert.Equal(4, documents[1].Line);
    }

    [Theory]
    [InlineData("a: 1\nb: 2\na: 3\n", "x.yaml:3:1: key \"a\" is already set on line 1")]
    [InlineData("a:\n\tb: 1\n", "x.yaml:2:1: a tab is used as indentation; use spaces")]
    [InlineData("a: 1\nb: 2\nc:\n\td: 1\n", "x.yaml:4:1: a tab is used as indentation")]
    [InlineData("\ta: 1\n", "x.yaml:1:1: a tab is used as indentation")]
    [InlineData("a:\n  - b\n \t - c\n", "x.yaml:3:2: a tab is used as indentation")]
    [InlineData("a: *nowhere\n", "x.yaml:1:4: alias *nowhere has no anchor &nowhere above it")]
    [InlineData("a: &x [*x]\n", "x.yaml:1:8: alias *x has no anchor &x above it")]
    [InlineData("a: b: c\n", "x.yaml:1:5: not valid YAML")]
    [InlineData("a: \"open\n", "close the quotation mark")]
    [InlineData("a: @x\n", "put the text in quotes")]
    [InlineData("a: [1\nb: 2", "close every [ and {")]
    [InlineData("a: .inf\n", "x.yaml:1:4: .inf is not a number JSON can hold")]
    [InlineData("? [1]\n: b\n", "x.yaml:1:3: a key must be a single word")]
    [InlineData("<<: 5\n", "x.yaml:1:5: << merges a mapping")]
    [InlineData("{\"a\": 1, \"a\": 2}", "x.yaml:1:10: key \"a\" is set twice")]
    [InlineData("{\"a\": 1,\n \"b\": oops\": 3}", "x.yaml:2:7: not valid JSON")]
    [InlineData("a: # x\n\t# comment\n  b: 1", "x.yaml:2:1: a tab is used as indentation")]
    public void What_cannot_be_read_is_refused_with_place_and_remedy(string yaml, string expected)
    {
        var refusal = Assert.Throws<ManifestException>(() => YamlDocuments.Read(yaml, "x.yaml"));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tabs_inside_text_and_brackets_are_content()
    {
        Assert.Equal("all:\n\techo\n", Read("make: |\n  all:\n  \techo\n")["make"]!.GetValue<string>());
        Assert.Equal(2, Read("a: {b: 1,\n\tc: 2}")["a"]!["c"]!.GetValue<long>());
    }

    [Fact]
    public void Aliases_that_multiply_are_refused()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 10; i++) bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        var refusal = Assert.Throws<ManifestException>(() => YamlDocuments.Read(bomb.ToString(), "bomb.yaml"));
        Assert.Contains("aliases repeat more than", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Endless_nesting_is_refused() =>
        Assert.Contains("nested deeper", Assert.Throws<ManifestException>(() => YamlDocuments.Read(new string('[', 5_000), "deep.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_text_is_refused_by_line() =>
        Assert.Contains("x.yaml:2: not UTF-8 text", Assert.Throws<ManifestException>(() => YamlDocuments.Read([(byte)'a', (byte)'\n', 0xC3, 0x28], "x.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_field_is_found_in_the_second_document_of_a_file()
    {
        var document = YamlDocuments.Read("a: 1\n---\nspec:\n  containers:\n  - name: x\n    image: y\n", "x.yaml")[1];
        Assert.Equal((6, 5), document.Locate("spec.containers[0].image"));
        Assert.Equal((5, 5), document.Locate("spec.containers[0].resources.limits"));
        Assert.Null(document.Locate("status"));
    }

    [Fact]
    public void Yaml_is_written_with_kubectls_look()
    {
        var document = JsonNode.Parse("""
            {"kind":"Job","apiVersion":"batch/v1","spec":{"schedule":"* * * * *","on":"yes","n":"1","f":1.5,"none":null,"empty":{},"list":[],"args":["-c","a: b","two\nlines\n"],
            "items":[{"name":"a","ports":[{"port":80}]},[1,2]],"text":"keep\n  this","version":"1.28.0","at":"2024-01-02T03:04:05Z","blank":""}}
            """);
        Assert.Equal("""
            apiVersion: batch/v1
            kind: Job
            spec:
              args:
              - -c
              - 'a: b'
              - |
                two
                lines
              at: "2024-01-02T03:04:05Z"
              blank: ""
              empty: {}
              f: 1.5
              items:
              - name: a
                ports:
                - port: 80
              - - 1
                - 2
              list: []
              "n": "1"
              none: null
              "on": "yes"
              schedule: '* * * * *'
              text: |-
                keep
                  this
              version: 1.28.0

            """.ReplaceLineEndings("\n"), YamlDocuments.Write(document, sortKeys: true));
    }

    [Fact]
    public void What_is_written_is_read_back_the_same() => Document.Sample(document =>
    {
        var yaml = YamlDocuments.Write(document);
        var back = YamlDocuments.Read(yaml, "x.yaml");
        if (document is null) return back.Count == 0;
        return back.Count == 1 && JsonNode.DeepEquals(document, back[0].Root);
    }, iter: 3_000, print: document => $"{document?.ToJsonString()}\n---\n{YamlDocuments.Write(document)}");

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Text that YAML likes to take for something else, and every kind of blank.
    private static readonly Gen<string> Nasty = Gen.OneOf(
        Gen.OneOf("", " ", "yes", "null", "~", "0x1f", "1e3", "- a", "a: b", "a #b", "#a", "\n", "a\n", "a\n\n", "\n\na", "  a\nb", "a\n  b\n", "'", "\"", "\\", "|", ">", "*", "&x", "!t", "%", "@", "`", "---", "...", "<<", "=", "?", ":", "a:", "\ta", "a\t", "a \nb", "\u0085", "\u2028", "\u0001", "\r\n", "é", "😀", "[", "{", "2024-01-02"),
        Gen.String[Gen.OneOf("a", "b", " ", "\n", ":", "-", "#", "'", "\"", "\t", "1", ".", "{", "]", "&").Select(piece => piece[0]), 0, 12]);

    private static readonly Gen<JsonNode?> Leaf = Gen.OneOf<JsonNode?>(
        Nasty.Select(text => (JsonNode?)JsonValue.Create(text)),
        Gen.Long.Select(number => (JsonNode?)JsonValue.Create(number)),
        Gen.Bool.Select(flag => (JsonNode?)JsonValue.Create(flag)),
        Gen.Const((JsonNode?)null));

    private static readonly Gen<JsonNode?> Document = Gen.Recursive<JsonNode?>((depth, inner) => depth >= 4
        ? Leaf
        : Gen.Frequency(
            (2, Leaf),
            (2, inner.List[0, 4].Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())]))),
            (3, Gen.Select(Nasty, inner).List[0, 4].Select(fields =>
            {
                var made = new JsonObject();
                foreach (var (key, value) in fields) made[key] = value?.DeepClone();
                return (JsonNode?)made;
            }))));

    private static JsonNode Read(string yaml) => Assert.Single(YamlDocuments.Read(yaml, "x.yaml")).Root;
}
