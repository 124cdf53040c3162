namespace ControlPlane.Harness.Histories;

/// <summary>How values are printed.</summary>
internal static class Text
{
    public static string Of(string? value) => value is null ? "nothing" : $"\"{value}\"";
}
