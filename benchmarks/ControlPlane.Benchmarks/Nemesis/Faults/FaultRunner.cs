using ControlPlane.Benchmarks.Nemesis.Network;
using Grpc.Core;

namespace ControlPlane.Benchmarks.Nemesis.Faults;

/// <summary>Does to real processes what a <see cref="Fault"/> says, and puts it right again.</summary>
internal sealed class FaultRunner(Members members, Group group, Random random)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task RunAsync(Fault fault, CancellationToken stop)
    {
        await ApplyAsync(fault);
        await Task.WhenAny(Task.Delay(fault.Span, stop));
        await PutRightAsync(fault);
    }

    private MemberPairs Pairs => new(members.Network, group.Members);

    private async Task ApplyAsync(Fault fault)
    {
        switch (fault)
        {
            case Fault.Kill kill:
                await Task.WhenAll(kill.Members.Select(members.KillAsync));
                break;
            case Fault.Vanish(var member, _):
                Pairs.Around(member, link => link.Silence());
                await members.KillAsync(member);
                break;
            case Fault.Pause pause:
                foreach (var member in pause.Members) members.Pause(member);
                break;
            case Fault.Cut(var one, var other, _):
                members.Network.Cut(one, other);
                break;
            case Fault.Partition partition:
                Pairs.Across(partition.OneSide, link => link.Silence());
                break;
            case Fault.OneWay(var member, var isMute, _):
                foreach (var other in group.Members.Where(other => other != member)) (isMute ? members.Network.From(member, other) : members.Network.From(other, member)).Silence();
                break;
            case Fault.Slow slow:
                foreach (var member in slow.Members) Pairs.Around(member, link => link.Slow(slow.Delay, slow.BytesPerSecond));
                break;
            case Fault.Flap:
                ResetAll();
                break;
            case Fault.SlowSync slow:
                foreach (var member in slow.Members) members.Disk(member).SlowSyncs(slow.Delay);
                break;
            case Fault.FullDisk(var member, _):
                members.Disk(member).Fill();
                break;
            case Fault.FailedSync(var member, _):
                members.Disk(member).FailSyncs();
                break;
            case Fault.ClockJump jump:
                members.Disk(jump.Member).JumpClock(jump.Offset);
                break;
            case Fault.MoveLeader(var target):
                await group.MoveLeaderAsync(target, Patience);
                break;
            case Fault.Compact:
                await CompactAsync();
                break;
            case Fault.LateSnapshot(var member, _):
                Pairs.Around(member, link => link.Cut());
                foreach (var other in group.Members) members.Network.Reset(member, other);
                break;
            case Fault.Replace(var member):
                await group.ReplaceAsync(member);
                break;
        }
    }

    private async Task PutRightAsync(Fault fault)
    {
        switch (fault)
        {
            case Fault.Kill(var killed, _, var isStaggered):
                foreach (var member in killed)
                {
                    StartAgain(member);
                    if (isStaggered) await Task.Delay(TimeSpan.FromSeconds(2 * random.NextDouble()));
                }

                break;
            case Fault.Vanish(var member, _):
                members.Network.Heal();
                StartAgain(member);
                break;
            case Fault.Pause(var paused, _):
                foreach (var member in paused) members.Resume(member);
                break;
            case Fault.LateSnapshot(var member, var span):
                Pairs.Around(member, link => link.Heal());
                Pairs.Around(member, link => link.Slow(TimeSpan.FromMilliseconds(20), 100_000));
                await Task.Delay(span / 2);
                foreach (var other in group.Members) members.Network.Reset(member, other);
                await Task.Delay(span / 2);
                members.Network.Heal();
                break;
            case Fault.Flap:
                ResetAll();
                break;
            case Fault.SlowSync or Fault.FullDisk or Fault.FailedSync or Fault.ClockJump:
                foreach (var member in group.Members) members.Disk(member).Heal();
                RestartEnded();
                break;
            default:
                members.Network.Heal();
                break;
        }
    }

    /// <summary>Members that stopped by themselves, as they must when their disk fails, start again as under any supervisor.</summary>
    public void RestartEnded()
    {
        foreach (var member in group.Members)
        {
            if (members.EndOf(member) is not { } end) continue;
            group.Note($"{Targets.Layout.NameOf(member)} stopped by itself, {end}");
            members.Start(member);
        }
    }

    // Another fault may have started it already, and one that was removed stays away.
    private void StartAgain(int member)
    {
        if (!members.IsRunning(member) && group.Members.Contains(member)) members.Start(member);
    }

    private void ResetAll()
    {
        foreach (var one in group.Members)
        {
            foreach (var other in group.Members.Where(other => other > one)) members.Network.Reset(one, other);
        }
    }

    private async Task CompactAsync()
    {
        try
        {
            await group.CompactAsync(Patience);
        }
        catch (RpcException refused)
        {
            group.Note($"compaction: {refused.Status.StatusCode} {refused.Status.Detail}");
        }
    }
}
