using System.Text;

namespace ControlPlane.Client.Http;

/// <summary>The part of an address behind the question mark.</summary>
public static class QueryString
{
    /// <summary>Escapes and joins parameters, <c>?</c> included; those that are null or empty are left out, and without any the result is "".</summary>
    public static string Of(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in parameters)
        {
            if (string.IsNullOrEmpty(value)) continue;
            query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return query.ToString();
    }
}
