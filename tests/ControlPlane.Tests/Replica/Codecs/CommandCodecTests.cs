using System.Text;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Leases;
using CsCheck;

namespace ControlPlane.Tests.Replica.Codecs;

/// <summary>Commands as docs/formats/commands.md lays them out.</summary>
public sealed class CommandCodecTests
{
    private static readonly Gen<ReadOnlyMemory<byte>> Bytes = Gen.Byte.Array[0, 20].Select(bytes => (ReadOnlyMemory<byte>)bytes);

    private static readonly Gen<ReadOnlyMemory<byte>?> BytesOrNone = Gen.Bool.SelectMany(isThere => Bytes.Select(bytes => isThere ? bytes : (ReadOnlyMemory<byte>?)null));

    private static readonly Gen<Comparison> Comparisons = Gen.Int[0, 3].Select(number => (Comparison)number);

    private static readonly Gen<Compare> Compares = Gen.Select(SingleCompares, BytesOrNone, (compare, end) => compare with { End = end });

    private static Gen<Compare> SingleCompares => Gen.OneOf<Compare>(
        Gen.Select(Bytes, Comparisons, Gen.Long).Select((key, comparison, target) => (Compare)new Compare.CreatedRevision(key, comparison, new Revision(target))),
        Gen.Select(Bytes, Comparisons, Gen.Long).Select((key, comparison, target) => (Compare)new Compare.ModifiedRevision(key, comparison, new Revision(target))),
        Gen.Select(Bytes, Comparisons, Gen.Long).Select((key, comparison, target) => (Compare)new Compare.Version(key, comparison, target)),
        Gen.Select(Bytes, Comparisons, Bytes).Select((key, comparison, target) => (Compare)new Compare.Value(key, comparison, target)),
        Gen.Select(Bytes, Comparisons, Gen.Long).Select((key, comparison, target) => (Compare)new Compare.Lease(key, comparison, new LeaseId(target))));

    private static readonly Gen<Operation> Operations = Gen.OneOf(
        FlatOperations,
        Gen.Select(Compares.Array[0, 2], FlatOperations.Array[0, 2], FlatOperations.Array[0, 2])
            .Select((compares, success, failure) => (Operation)new Operation.Nested(new Transaction([.. compares], [.. success], [.. failure]))));

    private static Gen<Operation> FlatOperations => Gen.OneOf<Operation>(
        Gen.Select(Bytes, Bytes, Gen.Long, Gen.Bool, Gen.Bool)
            .Select((key, value, lease, keepsValue, keepsLease) => (Operation)new Operation.Put(key, value, new LeaseId(lease)) { KeepsValue = keepsValue, KeepsLease = keepsLease }),
        Gen.Select(Bytes, Bytes, Gen.Long).Select((key, value, lease) => (Operation)new Operation.Put(key, value, new LeaseId(lease))),
        Gen.Select(Bytes, BytesOrNone).Select((key, end) => (Operation)new Operation.Delete(key, end)),
        Gen.Select(Bytes, BytesOrNone, Gen.Int.Nullable()).Select((key, end, limit) => (Operation)new Operation.Read(key, end, limit)));

    private static readonly Gen<Transaction> Transactions = Gen.Select(Compares.Array[0, 3], Operations.Array[0, 3], Operations.Array[0, 3])
        .Select((compares, success, failure) => new Transaction([.. compares], [.. success], [.. failure]));

    private static readonly Gen<Command> Commands = Gen.OneOf<Command>(
        Transactions.Select(transaction => (Command)transaction),
        Transactions.Array[0, 3].Select(transactions => (Command)new Batch([.. transactions])),
        Gen.Select(Gen.Long, Gen.Long).Select((lease, seconds) => (Command)new GrantLease(new LeaseId(lease), seconds)),
        Gen.Long.Array[0, 5].Select(leases => (Command)new RenewLeases([.. leases.Select(lease => new LeaseId(lease))])),
        Gen.Long.Select(lease => (Command)new RevokeLease(new LeaseId(lease))),
        Gen.Long.Select(floor => (Command)new Compact(new Revision(floor))),
        Gen.Long.Select(bytes => (Command)new SetQuota(bytes)),
        Gen.Select(Gen.ULong, Gen.Int[1, 2], Gen.Bool).Select((member, kind, isRaised) => (Command)new SetAlarm(new Alarm(member, (AlarmKind)kind), isRaised)),
        Gen.Select(Gen.Long, Gen.Long).Array[0, 3].Select(seen => (Command)new ExpireLeases([.. seen.Select(one => new LeaseSighting(new LeaseId(one.Item1), one.Item2))])),
        Gen.Select(Gen.Long, Gen.Long, Gen.Long).Array[0, 3]
            .Select(seen => (Command)new CheckpointLeases([.. seen.Select(one => new LeaseCheckpoint(new LeaseSighting(new LeaseId(one.Item1), one.Item2), one.Item3))])));

    [Fact]
    public void The_documented_example_has_these_bytes()
    {
        var command = Transaction.PutIf("a"u8.ToArray(), Revision.Zero, "1"u8.ToArray());
        var bytes = ProposalCodec.Encode(new MemberId(7), 1, 5, [new NumberedCommand(5, CommandCodec.Encode(command)), new NumberedCommand(6, CommandCodec.Encode(new RevokeLease(new LeaseId(9))))]);
        Assert.Equal("94070105" + "94" + "05" + "9401" + "919402C401610000" + "919401C40161C4013100" + "90" + "06" + "920509", Convert.ToHexString(bytes));
        Assert.Equal([new RequestId(new MemberId(7), 1, 5, 5), new RequestId(new MemberId(7), 1, 6, 5)], ProposalCodec.Decode(bytes).Select(proposal => proposal.Id));
    }

    /// <summary>One of each kind, as the log of every version keeps it: logs outlive programs.</summary>
    [Theory]
    [InlineData("930307CC1E", "GrantLease { Lease = 7, TimeToLiveSeconds = 30 }")]
    [InlineData("9204920708", "RenewLeases 7 8")]
    [InlineData("920507", "RevokeLease { Lease = 7 }")]
    [InlineData("920609", "Compact { Floor = 9 }")]
    [InlineData("9207929207039208CD0100", "ExpireLeases 7/3 8/256")]
    [InlineData("9208919307031E", "CheckpointLeases 7/3/30")]
    [InlineData("9209CE80000000", "SetQuota { Bytes = 2147483648 }")]
    [InlineData("930A920701C3", "SetAlarm { Alarm = Alarm { Member = 7, Kind = NoSpace }, IsRaised = True }")]
    public void Bytes_of_every_version_are_read(string hex, string command) => Assert.Equal(command, CommandCodec.Decode(Convert.FromHexString(hex)) switch
    {
        RenewLeases renew => $"RenewLeases {string.Join(' ', renew.Leases)}",
        ExpireLeases expire => $"ExpireLeases {string.Join(' ', expire.Leases.Select(seen => $"{seen.Lease}/{seen.Renewal}"))}",
        CheckpointLeases checkpoint => $"CheckpointLeases {string.Join(' ', checkpoint.Leases.Select(seen => $"{seen.Lease.Lease}/{seen.Lease.Renewal}/{seen.RemainingSeconds}"))}",
        var other => other.ToString(),
    });

    [Fact]
    public void An_entry_of_one_proposal_from_before_batches_is_read()
    {
        var (id, command) = Assert.Single(ProposalCodec.Decode(Convert.FromHexString("9507010503" + "9401" + "919402C401610000" + "919401C40161C4013100" + "90")));
        Assert.Equal(new RequestId(new MemberId(7), 1, 5, 3), id);
        Assert.Equal(CommandCodec.Encode(Transaction.PutIf("a"u8.ToArray(), Revision.Zero, "1"u8.ToArray())), CommandCodec.Encode(command));
    }

    [Theory]
    // A sequence without its command, a cut list, and a byte too many.
    [InlineData("940701059105")]
    [InlineData("9407010594" + "05" + "920509")]
    [InlineData("9407010592" + "05" + "920509" + "00")]
    public void A_payload_that_is_not_whole_is_refused(string hex) => Assert.Throws<InvalidDataException>(() => ProposalCodec.Decode(Convert.FromHexString(hex)));

    [Fact]
    public void The_documented_example_of_ranges_kept_values_and_nesting_has_these_bytes()
    {
        var nested = new Transaction([], [new Operation.Read("c"u8.ToArray(), null, null)], []);
        var command = new Transaction(
            [new Compare.Version("a"u8.ToArray(), Comparison.Equal, 0) { End = ReadOnlyMemory<byte>.Empty }],
            [new Operation.Put("b"u8.ToArray(), default, new LeaseId(7)) { KeepsValue = true }],
            [new Operation.Nested(nested)]);
        Assert.Equal("9401" + "919503C401610000C400" + "919404C40162C007" + "91940590919403C40163C0C090", Convert.ToHexString(CommandCodec.Encode(command)));
    }

    [Fact]
    public void Nesting_is_bounded_on_the_way_in_and_on_the_way_out()
    {
        var deepest = Nest(Transaction.DepthMax);
        Assert.Equal(deepest.Depth, ((Transaction)CommandCodec.Decode(CommandCodec.Encode(deepest))).Depth);
        Assert.Throws<ArgumentException>(() => CommandCodec.Encode(Nest(Transaction.DepthMax + 1)));
        var damage = Convert.FromHexString("940190" + string.Concat(Enumerable.Repeat("91940590", 100_000)));
        Assert.Contains("deep", Assert.Throws<InvalidDataException>(() => CommandCodec.Decode(damage)).Message);

        static Transaction Nest(int depth) => depth == 1 ? new Transaction([], [], []) : new Transaction([], [new Operation.Nested(Nest(depth - 1))], []);
    }

    [Fact]
    public void What_is_written_is_read_back() => Commands.Sample(command =>
    {
        var bytes = CommandCodec.Encode(command);
        Assert.Equal(bytes, CommandCodec.Encode(CommandCodec.Decode(bytes)));
    });

    [Fact]
    public void A_cut_command_and_one_with_a_byte_too_many_are_refused() => Commands.Sample(command =>
    {
        var bytes = CommandCodec.Encode(command);
        for (var length = 0; length < bytes.Length; length++) Assert.Throws<InvalidDataException>(() => CommandCodec.Decode(bytes.AsMemory(0, length)));
        Assert.Throws<InvalidDataException>(() => CommandCodec.Decode((byte[])[.. bytes, 0]));
    }, iter: 50);

    [Fact]
    public void Damage_is_refused_or_read_as_something_else_and_never_anything_worse() => Gen.Select(Commands, Gen.Int[0, 1000], Gen.Byte).Sample((command, at, value) =>
    {
        var bytes = CommandCodec.Encode(command);
        bytes[at % bytes.Length] = value;
        try
        {
            Assert.NotNull(CommandCodec.Decode(bytes));
        }
        catch (InvalidDataException refusal)
        {
            Assert.NotEmpty(refusal.Message);
        }
    }, iter: 2000);

    [Theory]
    [InlineData("925FC0", "unknown command: tag 95")]
    [InlineData("9106", "tag 6 has 1 fields, 0 found")]
    [InlineData("930A920709C3", "unknown alarm: tag 9")]
    [InlineData("940191940906C4016100009090", "")]
    // A length of -1: the reader itself answers that with an argument exception.
    [InlineData("940190919401C6FFFFFFFFC4013100", "")]
    public void An_unknown_tag_or_a_wrong_count_is_named(string hex, string reason)
    {
        var refusal = Assert.Throws<InvalidDataException>(() => CommandCodec.Decode(Convert.FromHexString(hex)));
        Assert.Contains(reason, refusal.Message);
    }

    [Fact]
    public void A_value_that_is_most_of_its_entry_is_a_window_on_it_and_in_a_large_entry_it_has_its_own_bytes()
    {
        var put = new Operation.Put("key"u8.ToArray(), Encoding.UTF8.GetBytes(new string('v', 100)), LeaseId.None);
        var alone = CommandCodec.Encode(new Transaction([], [put], []));
        Assert.Same(alone, ArrayOf(((Transaction)CommandCodec.Decode(alone)).Success[0]));

        var many = CommandCodec.Encode(new Batch([.. Enumerable.Repeat(new Transaction([], [put], []), 10)]));
        var owner = ArrayOf(((Batch)CommandCodec.Decode(many)).Transactions[0].Success[0]);
        Assert.Equal(103, owner.Length);

        static byte[] ArrayOf(Operation operation)
        {
            Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(((Operation.Put)operation).Value, out var segment));
            return segment.Array!;
        }
    }
}
