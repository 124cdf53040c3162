namespace ControlPlane.Benchmarks.Nemesis.Targets;

/// <summary>A store that can be put under the nemesis: real processes that speak etcd's protocol to clients, each with one address for its peers.</summary>
internal interface ITarget
{
    /// <summary>As <c>--against</c> spells it.</summary>
    string Name { get; }

    /// <summary>Whether the member calls the C library for its disk and clock, so that <c>faults.c</c> can stand between. Go programs do not.</summary>
    bool TakesFaultLibrary { get; }

    /// <summary>Members can be added, promoted and removed through the protocol.</summary>
    bool ChangesMembers { get; }

    /// <summary>Keeps history, serves watches and answers HashKV.</summary>
    bool KeepsHistory { get; }

    /// <summary>A snapshot carries the newest state and not the revisions before it, so that a member that starts from one tells watchers of older revisions that they are
    /// compacted, though nobody asked for it.</summary>
    bool ForgetsHistoryWithSnapshots { get; }

    /// <summary>Once, before the first start.</summary>
    Task PrepareAsync(Layout layout);

    /// <summary>The program and its arguments, for the first start and every later one.</summary>
    /// <param name="joins">It was added to a group that exists; the members of that group, itself included.</param>
    (string Program, IReadOnlyList<string> Arguments) StartOf(Layout layout, int member, IReadOnlyList<int>? joins);
}
