using ControlPlane.Scheduler.Columns;

namespace ControlPlane.Scheduler.Constraints;

/// <param name="Key">Empty with <paramref name="IsExists"/>: every taint.</param>
/// <param name="IsExists">Operator Exists: any value; else the value must be equal.</param>
/// <param name="Effect">Null: every effect.</param>
public sealed record Toleration(string Key, bool IsExists, string Value, TaintEffect? Effect)
{
    public bool Tolerates(Taint taint) =>
        (Effect is null || Effect == taint.Effect) && (Key.Length == 0 ? IsExists : Key == taint.Key) && (IsExists || Value == taint.Value);
}
