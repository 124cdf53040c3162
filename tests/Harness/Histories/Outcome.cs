namespace ControlPlane.Harness.Histories;

/// <summary>What the client knows afterwards.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>A write, a compare-and-set or an append took effect between the call and the answer.</summary>
    public sealed record Done : Outcome
    {
        public override string ToString() => "done";
    }

    /// <summary>A read saw this value; or a compare-and-set did not hold, because it saw this value.</summary>
    public sealed record Found(string? Value) : Outcome
    {
        public override string ToString() => $"found {Text.Of(Value)}";
    }

    /// <summary>A read of a list saw these elements, oldest first.</summary>
    public sealed record Listed(IReadOnlyList<string> Elements) : Outcome
    {
        // The end of a long list is where histories differ.
        public override string ToString() => Elements.Count <= 8
            ? $"found [{string.Join(' ', Elements)}]"
            : $"found {Elements.Count} elements [… {string.Join(' ', Elements.TakeLast(8))}]";
    }

    /// <summary>It did not happen and never will.</summary>
    public sealed record Refused : Outcome
    {
        public override string ToString() => "refused";
    }

    /// <summary>It may have happened, may still happen at any later time, or never.</summary>
    public sealed record Unknown : Outcome
    {
        public override string ToString() => "unknown";
    }
}
