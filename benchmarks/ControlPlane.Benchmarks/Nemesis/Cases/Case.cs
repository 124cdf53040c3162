namespace ControlPlane.Benchmarks.Nemesis.Cases;

/// <summary>One situation that has broken a store before, staged on real processes.</summary>
/// <param name="Name">As <c>--case</c> spells it.</param>
/// <param name="Proves">What holds when it passes.</param>
/// <param name="MemberCount">Of the group.</param>
/// <param name="NeedsFaultLibrary">Disk or clock are struck.</param>
/// <param name="PlayAsync">The play; the verdict comes after it. Answers with promises that only the play itself can judge.</param>
internal sealed record Case(string Name, string Proves, int MemberCount, bool NeedsFaultLibrary, Func<Stage, Task> PlayAsync);
