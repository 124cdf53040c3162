using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Tests.Replica.Codecs;

/// <summary>Messages between members as docs/formats/peers.md lays them out.</summary>
public sealed class PeerCodecTests
{
    private static readonly ReplicaId From = new(2);
    private static readonly ReplicaId To = new(1);
    private static readonly Configuration Members = Configuration.Of([new Member(From, "s2", "b:1"), new Member(To, "s1", "a:1")]);

    private static readonly PeerMessage[] Messages =
    [
        .. new Message[]
        {
            new PreVoteRequest(From, To, new Term(4), new LogIndex(9), new Term(3)),
            new PreVoteResponse(From, To, new Term(4), true),
            new VoteRequest(From, To, new Term(4), new LogIndex(9), new Term(3), true),
            new VoteResponse(From, To, new Term(4), false),
            new Append(From, To, new Term(4), new LogIndex(9), new Term(3), [
                new Entry(new Term(4), new LogIndex(10), EntryKind.NoOp, default),
                new Entry(new Term(4), new LogIndex(11), EntryKind.Command, new byte[] { 1, 2, 3 }),
                new Entry(new Term(4), new LogIndex(12), EntryKind.Configuration, default, Members),
                new Entry(new Term(4), new LogIndex(13), EntryKind.Configuration, default, Members with
                {
                    Learners = [new Member(new ReplicaId(3), "s3", "c:1") { DiskId = 77 }], Removed = [new ReplicaId(4)], VersionFloor = 1,
                }),
            ], new LogIndex(8)),
            new AppendAccepted(From, To, new Term(4), new LogIndex(9)),
            new AppendRejected(From, To, new Term(4), new LogIndex(9), new LogIndex(7), new Term(2)),
            new Heartbeat(From, To, new Term(4), new LogIndex(9), 17),
            new HeartbeatResponse(From, To, new Term(4), 17),
            new InstallSnapshot(From, To, new Term(4), new SnapshotMark(new LogIndex(9), new Term(3), Members)),
            new TimeoutNow(From, To, new Term(ulong.MaxValue)),
        }.Select(message => new PeerMessage.Consensus(message)),
        new PeerMessage.Forward(From, To, 1, [2, 3], new byte[] { 9 }),
        new PeerMessage.ForwardRefused(From, To, 1, [2, 3]),
        new PeerMessage.AskRead(From, To, 1, 5),
        new PeerMessage.AnswerRead(From, To, 1, 5, new LogIndex(9)),
        new PeerMessage.AnswerRead(From, To, 1, 5, null),
        new PeerMessage.AskChange(From, To, 1, 6, new MembershipRequest.AddLearner("s3", "c:1")),
        new PeerMessage.AskChange(From, To, 1, 6, new MembershipRequest.AddLearner(null, "c:1")),
        new PeerMessage.AskChange(From, To, 1, 6, new MembershipRequest.Promote(new ReplicaId(3))),
        new PeerMessage.AskChange(From, To, 1, 6, new MembershipRequest.Remove(new ReplicaId(3))),
        new PeerMessage.AskChange(From, To, 1, 6, new MembershipRequest.UpdateAddress(new ReplicaId(3), "c:2")),
        new PeerMessage.AskChange(From, To, 1, 6, new MembershipRequest.MoveLeader(new ReplicaId(3))),
        new PeerMessage.AskChange(From, To, 1, 6, new MembershipRequest.MoveLeader(null)),
        new PeerMessage.AnswerChange(From, To, 1, 6, new MembershipOutcome.Done(new MemberStatus(new MemberId(3), "s3", "c:1", MemberRole.Learner, 7))),
        new PeerMessage.AnswerChange(From, To, 1, 6, new MembershipOutcome.Refused(MembershipProblem.LearnerNotReady, "it lags")),
        new PeerMessage.AnswerChange(From, To, 1, 6, new MembershipOutcome.Unknown("who knows")),
        new PeerMessage.AnswerChange(From, To, 1, 6, null),
        new PeerMessage.Ping(From, To),
        new PeerMessage.DiskFull(From, To, "no room"),
        new PeerMessage.AskHash(From, To, new LogIndex(9)),
        new PeerMessage.AnswerHash(From, To, new LogIndex(9), ulong.MaxValue),
        new PeerMessage.HashDiffers(From, To, new LogIndex(9), 17),
    ];

    public static TheoryData<int> Numbers() => [.. Enumerable.Range(0, Messages.Length)];

    [Fact]
    public void The_documented_example_has_these_bytes() => Assert.Equal(
        "950602010305", Convert.ToHexString(PeerCodec.Encode(new PeerMessage.Consensus(new AppendAccepted(From, To, new Term(3), new LogIndex(5))))));

    [Theory]
    [MemberData(nameof(Numbers))]
    public void What_is_sent_is_received(int number)
    {
        var bytes = PeerCodec.Encode(Messages[number]);
        var received = PeerCodec.Decode(bytes);
        Assert.Equal(Messages[number].GetType(), received.GetType());
        Assert.Equal((From, To), (received.From, received.To));
        Assert.Equal(bytes, PeerCodec.Encode(received));
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_cut_message_and_one_with_a_byte_too_many_are_refused(int number)
    {
        var bytes = PeerCodec.Encode(Messages[number]);
        for (var length = 0; length < bytes.Length; length++) Assert.Throws<InvalidDataException>(() => PeerCodec.Decode(bytes.AsMemory(0, length)));
        Assert.Throws<InvalidDataException>(() => PeerCodec.Decode((byte[])[.. bytes, 0]));
    }

    [Fact]
    public void Every_message_of_the_core_can_be_sent() => Assert.Empty(
        typeof(Message).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Message)))
            .Except(Messages.OfType<PeerMessage.Consensus>().Select(consensus => consensus.Message.GetType())));
}
