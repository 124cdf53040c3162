namespace ControlPlane.Harness.Histories;

/// <summary>One event of a watch: at this revision this key got this value.</summary>
/// <param name="Revision">Several keys may change at one revision, each once.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">Null: deleted.</param>
public sealed record KeyChange(long Revision, string Key, string? Value)
{
    public override string ToString() => $"{Key} = {Text.Of(Value)} at revision {Revision}";
}
