using ControlPlane.Raft;
using ControlPlane.Replica;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Clusters;

namespace ControlPlane.Simulation.Clients;

/// <summary>Changes the group while it works: adds members as learners, promotes them, removes others, hands leadership over. What an operator should not do,
/// the group has to refuse.</summary>
internal sealed class Operator(SimulatedCluster cluster, Workload workload)
{
    private const int MembersMax = 7;

    private int _number = cluster.Plan.MemberCount;

    public int ChangeCount { get; private set; }

    public void Begin() => cluster.Schedule.After(cluster.Random.Between(300_000, 3_000_000), () =>
    {
        if (workload.IsStopped) return;
        Change();
        Begin();
    });

    private void Change()
    {
        switch (cluster.Random.Below(8))
        {
            case < 3 when cluster.Members.Count < MembersMax:
                Add();
                break;
            case < 6:
                Ask(new MembershipRequest.Promote(cluster.Random.Pick(cluster.Members).Id));
                break;
            case 6:
                Ask(new MembershipRequest.Remove(cluster.Random.Pick(cluster.Members).Id));
                break;
            default:
                Ask(new MembershipRequest.MoveLeader(cluster.Random.Chance(0.5) ? null : cluster.Random.Pick(cluster.Members).Id));
                break;
        }
    }

    private void Add()
    {
        var name = $"s{++_number}";
        Ask(new MembershipRequest.AddLearner(name, $"{name}:1"), done =>
        {
            // The new machine starts some time later, on an empty disk.
            var id = new ReplicaId(done.Member.Id.Value);
            cluster.Schedule.After(cluster.Random.Between(10_000, 1_000_000), () => cluster.Join(id, name));
        });
    }

    private void Ask(MembershipRequest request, Action<MembershipOutcome.Done>? done = null) =>
        cluster.Random.Pick(cluster.Members).Post(new TurnInput.ChangeMembers(request, outcome =>
        {
            cluster.Trace.Story?.Add($"{request}: {outcome}");
            if (outcome is not MembershipOutcome.Done made) return;
            ChangeCount++;
            done?.Invoke(made);
        }));
}
