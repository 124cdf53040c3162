namespace ControlPlane.Api.Schemas;

/// <summary>The spelling rules of names, label keys and label values. Each check returns null when the text is fine, else the sentence a real server
/// would say, which names the rule and shows an example.</summary>
public static class ObjectNames
{
    public const int Dns1123LabelLengthMax = 63;
    public const int Dns1123SubdomainLengthMax = 253;

    private const string Dns1123Label =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
        + " (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string Dns1123Subdomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string Dns1035Label =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
        + " (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    private const string QualifiedNamePart =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string QualifiedName =
        "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

    private const string LabelValue =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    /// <summary>Names of containers, ports, namespaces.</summary>
    public static string? Dns1123LabelProblem(string name) => !IsDnsLabel(name) ? Dns1123Label : TooLong(name, Dns1123LabelLengthMax);

    /// <summary>Names of most objects.</summary>
    public static string? Dns1123SubdomainProblem(string name)
    {
        foreach (var range in name.AsSpan().Split('.'))
        {
            if (!IsDnsLabel(name.AsSpan(range))) return Dns1123Subdomain;
        }

        return TooLong(name, Dns1123SubdomainLengthMax);
    }

    /// <summary>Names of services.</summary>
    public static string? Dns1035LabelProblem(string name) =>
        !IsDnsLabel(name) || !char.IsAsciiLetter(name[0]) ? Dns1035Label : TooLong(name, Dns1123LabelLengthMax);

    /// <summary>Names that only must fit a path: roles, bindings.</summary>
    public static string? PathSegmentProblem(string name) => name switch
    {
        "." => "may not be '.'",
        ".." => "may not be '..'",
        _ when name.Contains('/') => "may not contain '/'",
        _ when name.Contains('%') => "may not contain '%'",
        _ => null,
    };

    /// <summary>Keys of labels and annotations, finalizers, resource names: <c>[prefix/]name</c>.</summary>
    public static string? QualifiedNameProblem(string key)
    {
        var slash = key.IndexOf('/');
        if (slash >= 0)
        {
            if (key.IndexOf('/', slash + 1) >= 0) return QualifiedName;
            if (slash == 0) return "prefix part must be non-empty";
            if (Dns1123SubdomainProblem(key[..slash]) is { } problem) return $"prefix part {problem}";
        }

        var name = key.AsSpan(slash + 1);
        if (name.Length == 0) return "name part must be non-empty";
        if (name.Length > 63) return "name part must be no more than 63 bytes";
        return IsNamePart(name) ? null : $"name part {QualifiedNamePart}";
    }

    /// <summary>Values of labels.</summary>
    public static string? LabelValueProblem(string value)
    {
        if (value.Length == 0) return null;
        return IsNamePart(value) ? value.Length > 63 ? "must be no more than 63 bytes" : null : LabelValue;
    }

    private static string? TooLong(string name, int lengthMax) => name.Length > lengthMax ? $"must be no more than {lengthMax} bytes" : null;

    private static bool IsDnsLabel(ReadOnlySpan<char> name)
    {
        if (name.Length == 0 || name[0] == '-' || name[^1] == '-') return false;
        foreach (var letter in name)
        {
            if (!char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter) && letter != '-') return false;
        }

        return true;
    }

    private static bool IsNamePart(ReadOnlySpan<char> name)
    {
        if (name.Length == 0 || !char.IsAsciiLetterOrDigit(name[0]) || !char.IsAsciiLetterOrDigit(name[^1])) return false;
        foreach (var letter in name)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.')) return false;
        }

        return true;
    }
}
