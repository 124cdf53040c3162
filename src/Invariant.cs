using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ControlPlane;

/// <summary>Checked truths, on in Release: the process stops rather than go on wrong. Compiled into each project, so that the
/// pure ones need no common reference.</summary>
internal static class Invariant
{
    /// <exception cref="InvariantViolationException">The condition is false.</exception>
    public static void That([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string? text = null)
    {
        if (!condition) throw new InvariantViolationException($"invariant violated: {text}");
    }
}

/// <summary>A bug, never an outcome. Nobody catches it but the process's last handler.</summary>
internal sealed class InvariantViolationException(string message) : Exception(message);
