using ControlPlane.Benchmarks.Nemesis.Targets;

namespace ControlPlane.Benchmarks.Nemesis.Faults;

/// <summary>A fault in the words of the story.</summary>
internal static class FaultText
{
    public static string Of(Fault fault) => fault switch
    {
        Fault.Kill kill => $"kill -9 {Names(kill.Members)}, back {(kill.IsStaggered ? "one by one " : "")}after {Span(fault)}",
        Fault.Vanish vanish => $"{Names([vanish.Member])} vanishes without closing its connections, back after {Span(fault)}",
        Fault.Pause pause => $"pause {Names(pause.Members)} for {Span(fault)}",
        Fault.Cut cut => $"cut {Names([cut.One])} | {Names([cut.Other])} for {Span(fault)}",
        Fault.Partition partition => $"silence between {Names(partition.OneSide)} and the others for {Span(fault)}",
        Fault.OneWay oneWay => $"what {(oneWay.IsMute ? $"{Names([oneWay.Member])} sends" : $"is sent to {Names([oneWay.Member])}")} does not arrive for {Span(fault)}",
        Fault.Slow slow => $"links of {Names(slow.Members)}: {slow.Delay.TotalMilliseconds:0} ms later{(slow.BytesPerSecond > 0 ? $", {slow.BytesPerSecond / 1000} kB/s" : "")}, for {Span(fault)}",
        Fault.Flap => $"reset all connections, and again after {Span(fault)}",
        Fault.SlowSync slow => $"each sync of {Names(slow.Members)} takes {slow.Delay.TotalMilliseconds:0} ms more, for {Span(fault)}",
        Fault.FullDisk full => $"disk of {Names([full.Member])} full for {Span(fault)}",
        Fault.FailedSync failed => $"syncs of {Names([failed.Member])} fail for {Span(fault)}",
        Fault.ClockJump jump => $"wall clock of {Names([jump.Member])} jumps by {jump.Offset.TotalMinutes:0} min for {Span(fault)}",
        Fault.MoveLeader move => $"move the leader to {Names([move.Target])}",
        Fault.Compact => "compact",
        Fault.LateSnapshot late => $"{Names([late.Member])} is cut off for {Span(fault)}, then gets what it missed over a slow link that breaks once",
        Fault.Replace replace => $"replace {Names([replace.Member])} by a new member",
        _ => fault.ToString(),
    };

    private static string Names(IEnumerable<int> members) => string.Join(' ', members.Order().Select(Layout.NameOf));

    private static string Span(Fault fault) => $"{fault.Span.TotalSeconds:0.0} s";
}
