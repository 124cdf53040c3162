using System.Collections.Immutable;
using System.Globalization;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Selectors;

/// <summary>The grammar of label selectors in queries, with a real server's words for what it does not understand.</summary>
/// <remarks><code>
/// selector    = requirement { "," requirement }
/// requirement = [ "!" ] key | key ( "=" | "==" | "!=" ) [ value ] | key ( "in" | "notin" ) "(" values ")" | key ( "&gt;" | "&lt;" ) integer
/// </code></remarks>
internal struct LabelSelectorParser(string text)
{
    private const string Operators = "in, notin, =, ==, !=, gt, lt";

    private int _at;

    public ImmutableArray<LabelRequirement> Parse()
    {
        var requirements = ImmutableArray.CreateBuilder<LabelRequirement>();
        while (true)
        {
            var next = Peek();
            if (next.Length == 0) return requirements.ToImmutable();
            if (next != "!" && !IsWord(next)) throw Refuse($"found '{next}', expected: !, identifier, or 'end of string'");
            requirements.Add(Requirement());
            var after = Take();
            if (after.Length == 0) return requirements.ToImmutable();
            if (after != ",") throw Refuse($"found '{after}', expected: ',' or 'end of string'");
            next = Peek();
            if (next != "!" && !IsWord(next)) throw Refuse($"found '{next}', expected: identifier after ','");
        }
    }

    private LabelRequirement Requirement()
    {
        var isNegated = Peek() == "!";
        if (isNegated) Take();
        var key = Take();
        if (!IsWord(key)) throw Unparsable($"found '{key}', expected: identifier");
        if (ObjectNames.QualifiedNameProblem(key) is { } problem) throw Unparsable($"key: Invalid value: \"{key}\": {problem}");
        if (isNegated) return new(key, LabelOperator.DoesNotExist, []);
        if (Peek() is "" or ",") return new(key, LabelOperator.Exists, []);
        var @operator = Take();
        return @operator switch
        {
            "=" or "==" => new(key, LabelOperator.In, [ExactValue(key)]),
            "!=" => new(key, LabelOperator.NotIn, [ExactValue(key)]),
            "in" => new(key, LabelOperator.In, Values(key)),
            "notin" => new(key, LabelOperator.NotIn, Values(key)),
            ">" => new(key, LabelOperator.GreaterThan, [Integer()]),
            "<" => new(key, LabelOperator.LessThan, [Integer()]),
            _ => throw Unparsable($"found '{@operator}', expected: {Operators}"),
        };
    }

    private string ExactValue(string key)
    {
        if (Peek() is "" or ",") return "";
        var value = Take();
        if (!IsWord(value)) throw Unparsable($"found '{value}', expected: identifier");
        return Checked(key, value, 0);
    }

    private string Integer()
    {
        var value = Take();
        return long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? value
            : throw Unparsable($"values[0]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer");
    }

    private ImmutableArray<string> Values(string key)
    {
        var open = Take();
        if (open != "(") throw Unparsable($"found '{open}' expected: '('");
        var values = ImmutableArray.CreateBuilder<string>();
        while (true)
        {
            var token = Take();
            if (IsWord(token))
            {
                values.Add(Checked(key, token, values.Count));
                token = Take();
                if (token == ")") return values.ToImmutable();
                if (token != ",") throw Unparsable($"found '{token}', expected: ',' or ')'");
                // "(a,)" ends with the empty value.
                if (Peek() != ")") continue;
                Take();
                values.Add("");
                return values.ToImmutable();
            }

            // "()" and "(,b)": the empty value is a value.
            if (token is not (")" or ",")) throw Unparsable($"found '{token}', expected: ',', ')' or identifier");
            values.Add("");
            if (token == ")") return values.ToImmutable();
        }
    }

    private static string Checked(string key, string value, int index) =>
        ObjectNames.LabelValueProblem(value) is { } problem ? throw Unparsable($"values[{index}][{key}]: Invalid value: \"{value}\": {problem}") : value;

    private string Peek()
    {
        var start = _at;
        var token = Take();
        _at = start;
        return token;
    }

    // The next token, "" at the end.
    private string Take()
    {
        while (_at < text.Length && IsSpace(text[_at])) _at++;
        if (_at == text.Length) return "";
        var start = _at;
        if (!IsSpecial(text[_at]))
        {
            while (_at < text.Length && !IsSpecial(text[_at]) && !IsSpace(text[_at])) _at++;
            return text[start.._at];
        }

        _at++;
        if (_at < text.Length && text[_at] == '=' && (text[start] is '=' or '!')) _at++;
        return text[start.._at];
    }

    private static bool IsWord(string token) => token.Length > 0 && !IsSpecial(token[0]);

    private static bool IsSpecial(char letter) => letter is '=' or '!' or '(' or ')' or ',' or '>' or '<';

    private static bool IsSpace(char letter) => letter is ' ' or '\t' or '\r' or '\n';

    private static ApiException Unparsable(string problem) => Refuse($"unable to parse requirement: {problem}");

    private static ApiException Refuse(string problem) => ApiErrors.BadRequest(problem);
}
