using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary><c>Warning: 299 - "text"</c>, which kubectl shows to its user.</summary>
internal static class WarningHeaders
{
    public static void Add(HttpResponse response, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings) response.Headers.Append("Warning", $"299 - \"{Escape(warning)}\"");
    }

    // A header holds visible ASCII; anything else would be refused by the server's own header writer.
    private static string Escape(string text)
    {
        var escaped = new System.Text.StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (character is '"' or '\\') escaped.Append('\\').Append(character);
            else escaped.Append(character is >= ' ' and <= '~' ? character : '?');
        }

        return escaped.ToString();
    }
}
