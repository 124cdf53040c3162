using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Replica.Turns;

/// <summary>Members without disks, clocks and sockets: messages arrive at once, writes are durable at once unless a test holds them back, time moves
/// when a test moves it.</summary>
internal sealed class CoreGroup
{
    private readonly Member[] _members;

    public CoreGroup(int count, TurnOptions? options = null)
    {
        var configuration = Configuration.Of(Enumerable.Range(1, count).Select(id => new global::ControlPlane.Raft.Membership.Member(new ReplicaId((ulong)id), $"s{id}", $"{id}:1")));
        _members = [.. Enumerable.Range(1, count).Select(id => new Member(this, new ReplicaId((ulong)id), configuration, options ?? new TurnOptions()))];
    }

    public IReadOnlyList<Member> Members => _members;

    public Member Leader => _members.Single(member => member.Core.Node is { Role: Role.Leader, IsReady: true });

    /// <summary>One tick of everybody, and everything that comes of it.</summary>
    public void Tick(int count = 1)
    {
        for (var tick = 0; tick < count; tick++)
        {
            foreach (var member in _members) member.IsTickDue = true;
            Settle();
        }
    }

    public void TickUntil(Func<bool> isReached)
    {
        for (var tick = 0; !isReached(); tick++)
        {
            Assert.True(tick < 2_000, "it never came");
            Tick();
        }
    }

    /// <summary>Turns until nobody has anything to hear.</summary>
    public void Settle()
    {
        while (_members.Any(member => member.Inbox.Count > 0 || member.IsTickDue))
        {
            foreach (var member in _members) member.Turn();
        }
    }

    private void Deliver(PeerMessage message) => _members.First(member => member.Core.Node.Self == message.To).Inbox.Add(new TurnInput.FromPeer(message));

    internal sealed class Member : IReplicaRim
    {
        private readonly CoreGroup _group;
        private ulong _written;

        public Member(CoreGroup group, ReplicaId id, Configuration configuration, TurnOptions options)
        {
            _group = group;
            var node = new RaftNode(new RaftOptions { Self = id, Seed = id.Value }, new HardState(Term.Zero, null), new SnapshotMark(LogIndex.Zero, Term.Zero, configuration), []);
            Core = new ReplicaCore(options, node, new ReplicaState(), 1, this);
        }

        public ReplicaCore Core { get; }

        public List<TurnInput> Inbox { get; } = [];

        public bool IsTickDue { get; set; }

        /// <summary>While true, nothing that is written becomes durable.</summary>
        public bool IsDiskHeld { get; set; }

        /// <summary>Hands in a command; its outcome when there is one.</summary>
        public Func<ProposalOutcome?> Propose(Command command)
        {
            ProposalOutcome? outcome = null;
            Inbox.Add(new TurnInput.Propose(CommandCodec.Encode(command), ended => outcome = ended));
            _group.Settle();
            return () => outcome;
        }

        public void ReleaseDisk()
        {
            IsDiskHeld = false;
            Inbox.Add(new TurnInput.Durable(_written));
        }

        public void Turn()
        {
            if (Inbox.Count == 0 && !IsTickDue) return;
            List<TurnInput> inputs = [.. Inbox];
            if (IsTickDue) inputs.Add(TurnInput.Tick.One);
            IsTickDue = false;
            Inbox.Clear();
            Core.Turn(inputs);
        }

        void IReplicaRim.Persist(LogWrite write)
        {
            _written = write.Number;
            if (!IsDiskHeld) Inbox.Add(new TurnInput.Durable(write.Number));
        }

        void IReplicaRim.Send(PeerMessage message) => _group.Deliver(message);

        void IReplicaRim.SendSnapshot(InstallSnapshot message) => throw new NotSupportedException("logs are short here");

        void IReplicaRim.SaveSnapshot(ReplicaImage image) => throw new NotSupportedException("logs are short here");

        void IReplicaRim.CompactLog(SnapshotMark newBase)
        {
        }

        void IReplicaRim.Publish(StoreView view)
        {
        }

        void IReplicaRim.Publish(Leadership leadership)
        {
        }

        void IReplicaRim.Publish(IReadOnlyList<MemberStatus> members)
        {
        }

        void IReplicaRim.Follow(Configuration newest, Configuration committed)
        {
        }
    }
}
