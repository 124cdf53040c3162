using System.Collections.Immutable;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Leases;
using ControlPlane.Store.Watches;
using static ControlPlane.Tests.Store.Keys;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Tests.Store;

/// <summary>The store and its plain twin agree after every command, and about every revision that can still be read.</summary>
public sealed class StorePropertyTests
{
    [Theory]
    [InlineData(1, 12, 600)]
    [InlineData(2, 60, 600)]
    [InlineData(3, 300, 900)]
    [InlineData(4, 1500, 1200)]
    public void The_store_agrees_with_a_sorted_list(int seed, int keyCount, int commandCount)
    {
        var random = new Random(seed);
        var state = new StoreState();
        var model = new StoreModel();
        for (var step = 0; step < commandCount; step++)
        {
            var command = AnyCommand(random, keyCount, model);
            Assert.Equal(model.Apply(command), Line(state.Apply(command)));
            Assert.Equal((model.Revision, model.CompactionFloor), (state.View.Revision.Value, state.View.CompactionFloor.Value));
            RequireSame(model.At(model.Revision), state.View);
            Assert.Equal(model.Leases, state.View.Leases);
            Assert.Equal((StoreModel.BytesOf(model.At(model.Revision)), model.QuotaBytes), (state.View.LiveBytes, state.View.QuotaBytes));
            if (step % 10 == 0) RequireSameRange(random, keyCount, model, state.View);
            if (step % 50 == 49) RequireSameHistory(random, model, state.View);
        }

        Assert.True(model.Revision > commandCount / 4, $"only {model.Revision} revisions");
    }

    [Fact]
    public void Equal_states_reached_on_different_ways_have_equal_hashes_and_different_ones_do_not()
    {
        var random = new Random(5);
        var hashes = new Dictionary<ulong, string>();
        for (var round = 0; round < 40; round++)
        {
            var state = new StoreState(historyBytesMax: 1);
            var model = new StoreModel();
            for (var step = 0; step < 60; step++)
            {
                var command = AnyCommand(random, 40, model);
                model.Apply(command);
                state.Apply(command);
                var view = state.View;
                var description = $"{view.Revision}: {string.Join(' ', view.Range(default, null).Select(Describe))}";
                if (hashes.TryGetValue(view.StateHash, out var known)) Assert.Equal(known, description);
                else hashes.Add(view.StateHash, description);
            }

            var restored = StoreState.Restore(state.View.Head, state.View.Range(default, null));
            Assert.Equal(state.View.StateHash, restored.View.StateHash);
        }

        Assert.True(hashes.Count > 1000);
    }

    [Fact]
    public void Keys_put_and_deleted_in_any_order_leave_a_tree_that_finds_exactly_what_is_left()
    {
        foreach (var order in new[] { "up", "down", "random" })
        {
            var random = new Random(9);
            var state = new StoreState();
            var keys = Enumerable.Range(0, 5000).Select(index => $"{index:d5}").ToArray();
            if (order == "down") Array.Reverse(keys);
            if (order == "random") random.Shuffle(keys);
            foreach (var key in keys) state.Run(Put(key, key));
            Assert.Equal(5000, state.View.KeyCount);
            if (order == "random") random.Shuffle(keys);
            for (var index = 0; index < keys.Length; index++)
            {
                state.Run(Delete(keys[index]));
                if (index % 500 != 499 && index < 4980) continue;
                Assert.Equal(keys.Skip(index + 1).Order(StringComparer.Ordinal), state.View.Range(default, null).Select(record => Text(record.Key)));
                Assert.All(keys.Take(index + 1), key => Assert.Null(state.View.Get(key)));
            }
        }
    }

    [Fact]
    public void Readers_on_other_threads_see_whole_revisions_while_the_writer_goes_on()
    {
        var state = new StoreState(historyBytesMax: 1 << 20);
        StoreView published = state.View;
        var isWriting = true;
        var readers = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (Volatile.Read(ref isWriting))
            {
                var view = Volatile.Read(ref published);
                // Every transaction writes the same value to all ten keys.
                if (view.Range(default, null).Select(record => Text(record.Value)).Distinct().Count() > 1) throw new InvalidOperationException("torn view");
                if (view.ReadChanges(view.Floor, 200) is ChangesOutcome.Read { Changes: [var first, ..] } read
                    && (first.Revision.Value != view.Floor.Value + 1 || read.Through > view.Revision)) throw new InvalidOperationException("gap");
                if (view.At(view.Floor) is not { } oldest || oldest.Revision != view.Floor) throw new InvalidOperationException("no floor");
            }
        })).ToList();
        readers.ForEach(reader => reader.Start());
        for (var round = 0; round < 3000; round++)
        {
            state.Run([.. Enumerable.Range(0, 10).Select(key => Put($"{key}", $"{round}"))]);
            Volatile.Write(ref published, state.View);
        }

        Volatile.Write(ref isWriting, false);
        readers.ForEach(reader => reader.Join());
        Assert.Equal(3000, state.View.Revision.Value);
    }

    private static Command AnyCommand(Random random, int keyCount, StoreModel model) => random.Next(20) switch
    {
        0 => new GrantLease(new LeaseId(random.Next(1, 4)), random.Next(5, 50)),
        1 => AnyLeaseCommand(random, model),
        2 => new Compact(new Revision(random.NextInt64(Math.Max(0, model.Revision - 40), model.Revision + 2))),
        3 when random.Next(4) == 0 => AnyLimit(random, model),
        3 or 4 => new Batch([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => AnyTransaction(random, keyCount, model))]),
        _ => AnyTransaction(random, keyCount, model),
    };

    // A quota a little above, at, or below what is there; alarms that are ended sooner than raised, so that most commands run.
    private static Command AnyLimit(Random random, StoreModel model) => random.Next(4) switch
    {
        0 => new SetAlarm(new Alarm(7, AlarmKind.NoSpace), IsRaised: random.Next(3) == 0),
        1 => new SetAlarm(new Alarm(8, AlarmKind.Corrupt), IsRaised: random.Next(5) == 0),
        2 => new SetQuota(Math.Max(1, StoreModel.BytesOf(model.At(model.Revision)) + random.Next(-50, 100))),
        _ => new SetQuota(StoreState.QuotaBytesUsual),
    };

    private static Command AnyLeaseCommand(Random random, StoreModel model)
    {
        var lease = new LeaseId(random.Next(1, 4));
        // Seen in the present life, or in one that is over or was never.
        var seen = new LeaseSighting(lease, (model.Leases.FirstOrDefault(known => known.Id == lease)?.Renewal ?? 1) - (random.Next(4) == 0 ? 1 : 0));
        return random.Next(4) switch
        {
            0 => new RevokeLease(lease),
            1 => new RenewLeases([lease, new LeaseId(9)]),
            2 => new ExpireLeases([seen, new LeaseSighting(new LeaseId(9), 0), seen]),
            _ => new CheckpointLeases([new LeaseCheckpoint(seen, random.Next(0, 50))]),
        };
    }

    private static Transaction AnyTransaction(Random random, int keyCount, StoreModel model)
    {
        var compares = ImmutableArray<Compare>.Empty;
        if (random.Next(3) == 0)
        {
            var key = Key(random, keyCount);
            var known = model.At(model.Revision).GetValueOrDefault(key)?.Modified ?? Revision.Zero;
            compares = [new Compare.ModifiedRevision(Bytes(key), Comparison.Equal, random.Next(4) == 0 ? known.Next : known)];
        }

        return new Transaction(compares, Operations(), random.Next(2) == 0 ? [] : Operations());

        ImmutableArray<Operation> Operations() => [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => AnyOperation(random, keyCount))];
    }

    private static Operation AnyOperation(Random random, int keyCount)
    {
        var key = Key(random, keyCount);
        var end = Key(random, keyCount);
        return random.Next(12) switch
        {
            0 => Delete(key),
            1 => DeleteRange(key, key[..^1] + "~"),
            2 => new Operation.Read(Bytes(key), Bytes(end), random.Next(2) == 0 ? null : random.Next(5)),
            3 => Read(key),
            4 => Put(key, "leased", random.Next(1, 4)),
            _ => Put(key, $"{random.Next(1000)}"),
        };
    }

    private static string Key(Random random, int keyCount) => $"k{random.Next(keyCount):d4}";

    private static string Line(Result result) => result switch
    {
        TransactionResult ran => $"{ran.Succeeded} {ran.Revision} {string.Join(' ', ran.Operations.Select(Line))}",
        BatchResult batch => string.Join(" & ", batch.Transactions.Select(Line)),
        RefusedResult refused => $"refused {refused.Refusal}",
        QuotaResult quota => $"quota {quota.Bytes}",
        AlarmResult alarm => $"alarms {alarm.Alarms.Length}",
        CompactResult compact => $"floor {compact.Floor}",
        LeaseResult lease => $"named {string.Join(',', lease.Unknown)}",
        _ => throw new InvalidOperationException(result.ToString()),
    };

    private static string Line(OperationResult result) => result switch
    {
        OperationResult.Put put => $"put over {put.Previous?.Modified}",
        OperationResult.Delete delete => $"deleted {string.Join(',', delete.Deleted.Select(record => Text(record.Key)))}",
        OperationResult.Read read => $"read {string.Join(',', read.Records.Select(record => Text(record.Key)))}",
        _ => throw new InvalidOperationException(result.ToString()),
    };

    private static string Describe(Record record) =>
        $"{Text(record.Key)}={Text(record.Value)}@{record.Created}/{record.Modified}/{record.Version}/{record.Lease}";

    private static void RequireSame(IReadOnlyDictionary<string, Record> expected, StoreView view)
    {
        Assert.Equal(expected.Count, view.KeyCount);
        Assert.Equal(string.Join(' ', expected.Values.Select(Describe)), string.Join(' ', view.Range(default, null).Select(Describe)));
    }

    private static void RequireSameRange(Random random, int keyCount, StoreModel model, StoreView view)
    {
        var (start, end) = (Key(random, keyCount), Key(random, keyCount));
        var expected = model.At(model.Revision).Values
            .Where(record => string.CompareOrdinal(Text(record.Key), start) >= 0 && string.CompareOrdinal(Text(record.Key), end) < 0)
            .Select(Describe).ToList();
        Assert.Equal(expected, view.Range(Bytes(start), Bytes(end)).Select(Describe));
        Assert.Equal(expected.Count, view.Count(Bytes(start), Bytes(end)));
        Assert.Equal(model.At(model.Revision).GetValueOrDefault(start)?.Modified, view.Get(start)?.Modified);
        for (long lease = 1; lease < 4; lease++)
        {
            Assert.Equal(
                model.At(model.Revision).Values.Where(record => record.Lease.Value == lease).Select(Describe),
                view.KeysUnder(new LeaseId(lease)).Select(Describe));
        }
    }

    /// <summary>Every revision above the floor can be read, and the changes between any two lead from one to the other.</summary>
    private static void RequireSameHistory(Random random, StoreModel model, StoreView view)
    {
        Assert.Equal(model.CompactionFloor, view.Floor.Value);
        if (view.Floor.Value > 0) Assert.Null(view.At(new Revision(view.Floor.Value - 1)));
        Assert.Null(view.At(view.Revision.Next));
        for (var revision = view.Floor.Value; revision <= view.Revision.Value; revision += random.Next(1, 8))
        {
            var at = view.At(new Revision(revision))!;
            RequireSame(model.At(revision), at);
            Assert.Equal(revision, at.Revision.Value);
            var rebuilt = new SortedDictionary<string, Record>(model.At(revision).ToDictionary(), StringComparer.Ordinal);
            // What the floor itself changed can still be told.
            if (revision == view.CompactionFloor.Value && revision > 0) RequireChangesOf(revision, model, view);
            for (var cursor = at.Revision; cursor < view.Revision;)
            {
                var read = Assert.IsType<ChangesOutcome.Read>(view.ReadChanges(cursor, random.Next(1, 30)));
                foreach (var change in read.Changes)
                {
                    Assert.Equal(rebuilt.GetValueOrDefault(Text(change.Key)), change.Previous);
                    if (change.Current is null) rebuilt.Remove(Text(change.Key));
                    else rebuilt[Text(change.Key)] = change.Current;
                }

                cursor = read.Through;
            }

            RequireSame(rebuilt, view);
            Assert.Equal(StoreState.Restore(at.Head with { Leases = [.. view.Leases, .. Missing(at, view)] }, at.Range(default, null)).View.StateHash, at.StateHash);
        }
    }

    private static void RequireChangesOf(long revision, StoreModel model, StoreView view)
    {
        var read = Assert.IsType<ChangesOutcome.Read>(view.ReadChanges(new Revision(revision - 1), 1));
        var (before, after) = (model.At(revision - 1), model.At(revision));
        var expected = before.Keys.Union(after.Keys).Where(key => before.GetValueOrDefault(key)?.Modified != after.GetValueOrDefault(key)?.Modified);
        Assert.Equal(expected.Order(StringComparer.Ordinal), read.Changes.Where(change => change.Revision.Value == revision).Select(change => Text(change.Key)).Order(StringComparer.Ordinal));
        if (revision > 1) Assert.IsType<ChangesOutcome.Compacted>(view.ReadChanges(new Revision(revision - 2), 1));
    }

    /// <summary>Leases that the past knew and the present does not.</summary>
    private static IEnumerable<Lease> Missing(StoreView past, StoreView present) => past.Range(default, null)
        .Select(record => record.Lease).Distinct()
        .Where(lease => lease != LeaseId.None && present.GetLease(lease) is null)
        .Select(lease => new Lease(lease, 1));
}
