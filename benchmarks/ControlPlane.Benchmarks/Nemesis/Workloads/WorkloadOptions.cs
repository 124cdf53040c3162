namespace ControlPlane.Benchmarks.Nemesis.Workloads;

/// <summary>How much the clients ask.</summary>
internal sealed record WorkloadOptions
{
    public int WriterCount { get; init; } = 64;

    public int ReaderCount { get; init; } = 16;

    /// <summary>So many registers and half as many lists live at a time: about three of eighty clients meet on one key.</summary>
    public int RegisterCount { get; init; } = 16;

    public int ListCount => RegisterCount / 2;

    /// <summary>Keys are left for new ones after this time: the cost of a verdict grows with a key's history.</summary>
    public TimeSpan KeyLife { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Between two calls of one client, on average.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>A call that takes longer has an unknown outcome.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);
}
