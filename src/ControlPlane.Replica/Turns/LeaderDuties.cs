using ControlPlane.Store.Commands;

namespace ControlPlane.Replica.Turns;

/// <summary>The duties of a leader, and which of them have a proposal on its way.</summary>
internal sealed class LeaderDuties(IEnumerable<ILeaderDuty> duties)
{
    private readonly List<Post> _posts = [.. duties.Select(duty => new Post(duty))];

    /// <summary>Moves time by one tick.</summary>
    /// <param name="propose">Takes what is due, and an action to be called once with whatever outcome it has.</param>
    public void Tick(bool isLeading, ReplicaState state, Action<Command, Action> propose)
    {
        foreach (var post in _posts)
        {
            if (post.Duty.Tick(isLeading, post.IsWaiting, state) is not { } due) continue;
            Invariant.That(isLeading && !post.IsWaiting);
            post.IsWaiting = true;
            propose(due, () => post.IsWaiting = false);
        }
    }

    private sealed class Post(ILeaderDuty duty)
    {
        public ILeaderDuty Duty { get; } = duty;

        public bool IsWaiting { get; set; }
    }
}
