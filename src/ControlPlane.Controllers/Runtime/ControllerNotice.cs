namespace ControlPlane.Controllers.Runtime;

/// <summary>Something an operator may want to read in the log: what failed, about what, and what happens next.</summary>
/// <param name="Controller">Such as <c>job-controller</c>.</param>
/// <param name="Subject">The object or the activity.</param>
/// <param name="Message">A sentence without the two before.</param>
/// <param name="Error">What was thrown, or null.</param>
public sealed record ControllerNotice(string Controller, string Subject, string Message, Exception? Error = null)
{
    public override string ToString() => Error is null ? $"{Controller}: {Subject}: {Message}" : $"{Controller}: {Subject}: {Message}: {Error.Message}";
}
