using System.Text;

namespace ControlPlane.Agent.Environments;

/// <summary>Kubernetes' <c>$(NAME)</c>: replaced by the variable when it is known, left as it stands when it is not; <c>$$</c> is one dollar.</summary>
internal static class VariableExpansion
{
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        if (!text.Contains('$')) return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
                continue;
            }

            var end = text[i + 1] == '(' ? text.IndexOf(')', i + 2) : -1;
            if (end < 0)
            {
                result.Append('$');
                continue;
            }

            var name = text[(i + 2)..end];
            result.Append(variables.TryGetValue(name, out var value) ? value : text[i..(end + 1)]);
            i = end;
        }

        return result.ToString();
    }
}
