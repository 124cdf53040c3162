using BenchmarkDotNet.Running;
using ControlPlane.Benchmarks.Clusters;
using ControlPlane.Benchmarks.Members;
using ControlPlane.Benchmarks.Nemesis;
using ControlPlane.Benchmarks.Nemesis.DotNext;
using ControlPlane.Benchmarks.Nemesis.Targets;
using ControlPlane.Benchmarks.Served;
using ControlPlane.Benchmarks.Smoke;
using ControlPlane.Benchmarks.Tables;

return args switch
{
    ["member", .. var words] => await MemberMain.RunAsync(words),
    ["in-process", .. var words] => await MemberScenario.RunAsync(words),
    ["served", .. var words] => await ServedScenario.RunAsync(words),
    ["store", .. var words] => await StoreScenario.RunAsync(words),
    ["smoke", ..] => SmokeRun.Run(typeof(Program).Assembly, Console.Out),
    ["scale", .. var words] => await ScaleScenario.RunAsync(words),
    ["failover", .. var words] => await FailoverScenario.RunAsync(words),
    ["nemesis", .. var words] => await NemesisCommand.RunAsync(words),
    ["anchor-member", .. var words] => await AnchorMember.RunAsync(words),
    ["served-member", .. var words] => await ServedMember.RunAsync(words),
    ["start", .. var words] => await StartScenario.RunAsync(words),
    _ => RunMeasured(args),
};

// BenchmarkDotNet answers a filter that matches nothing with an empty summary and 0; count the reports instead.
static int RunMeasured(string[] arguments) =>
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments).Sum(summary => summary.Reports.Length) > 0 ? 0 : 1;
