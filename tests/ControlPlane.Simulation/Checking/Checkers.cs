using ControlPlane.Simulation.Clusters;

namespace ControlPlane.Simulation.Checking;

/// <summary>What must be true after every step, told from outside: the checkers know everything that ever happened to any member. Each looks at what is new
/// only, so that a run costs as much as it is long.</summary>
internal sealed class Checkers
{
    public Checkers(SimulatedCluster cluster)
    {
        Logs = new LogChecker(cluster);
        Elections = new ElectionChecker(cluster, Logs);
        States = new StateChecker();
        Budgets = new BudgetChecker(cluster);
    }

    public LogChecker Logs { get; }

    public ElectionChecker Elections { get; }

    public StateChecker States { get; }

    public BudgetChecker Budgets { get; }

    public void AfterTurn(SimulatedMember member, SimulatedProcess process, bool isTick)
    {
        // In this order: the logs want to know whether the member led before the turn.
        Logs.AfterTurn(member, process);
        Elections.AfterTurn(member, process);
        if (!isTick) return;
        ElectionChecker.AfterTick(member, process);
        Budgets.AfterTick(member, process);
    }

    public string Describe() => $"{Logs.CommittedCount} entries committed, {Elections.LeaderCount} terms had a leader, revision {States.Newest}";
}
