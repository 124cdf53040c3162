using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;
using static ControlPlane.Tests.Store.Keys;

namespace ControlPlane.Tests.Store;

/// <summary>History long enough that most chunks have let go of their bases.</summary>
public sealed class HistoryDepthTests
{
    private const int RevisionCount = 40_000;
    private readonly StoreState _state = new();
    private readonly List<ulong> _hashes = [];
    private readonly Random _random = new(7);

    public HistoryDepthTests()
    {
        _hashes.Add(_state.View.StateHash);
        for (var revision = 1; revision <= RevisionCount; revision++)
        {
            var key = $"k{_random.Next(3_000):d4}";
            if (_random.Next(8) > 0 || _state.View.Get(key) is null) _state.Run(Put(key, $"{revision}"));
            else _state.Run(Delete(key));
            _hashes.Add(_state.View.StateHash);
        }
    }

    [Fact]
    public void Every_revision_is_read_as_it_was()
    {
        for (var round = 0; round < 40; round++) RequireAsItWas(_random.Next(RevisionCount + 1));
    }

    [Fact]
    public void After_a_compaction_within_a_group_what_is_above_stays_readable()
    {
        foreach (var floor in new[] { 1, 5_000, 16_384, 16_385, 30_000, RevisionCount - 1, RevisionCount })
        {
            _state.Apply(new Compact(new Revision(floor)));
            Assert.Null(_state.View.At(new Revision(floor - 1)));
            RequireAsItWas(floor);
            for (var round = 0; round < 4; round++) RequireAsItWas(_random.Next(floor, RevisionCount + 1));
            var read = Assert.IsType<ChangesOutcome.Read>(_state.View.ReadChanges(new Revision(floor - 1), 1));
            Assert.Equal(floor, read.Changes[0].Revision.Value);
        }

        _state.Run(Put("last", "1"));
        Assert.IsType<ChangesOutcome.Read>(_state.View.ReadChanges(new Revision(RevisionCount), 1));
    }

    [Fact]
    public void History_beyond_its_bytes_goes_a_part_at_a_time_and_the_rest_is_whole()
    {
        var state = new StoreState(historyBytesMax: 2 << 20);
        var hashes = new List<ulong> { state.View.StateHash };
        for (var revision = 1; revision <= 20_000; revision++)
        {
            state.Run(Put($"k{_random.Next(500):d3}", new string('v', _random.Next(100))));
            hashes.Add(state.View.StateHash);
            if (revision % 500 != 0) continue;
            var floor = (int)state.View.Floor.Value;
            var at = _random.Next(floor, revision);
            Assert.Equal(hashes[at], RehashedAt(state.View, at));
            Assert.Equal(hashes[floor], RehashedAt(state.View, floor));
        }

        // About 330 bytes a change: some 6,000 changes fit.
        Assert.InRange(state.View.Floor.Value, 12_000, 16_000);
    }

    private void RequireAsItWas(int revision) => Assert.Equal(_hashes[revision], RehashedAt(_state.View, revision));

    /// <summary>From the records themselves, not from the sum that history keeps.</summary>
    private static ulong RehashedAt(StoreView view, int revision)
    {
        var at = view.At(new Revision(revision))!;
        return StoreState.Restore(at.Head, at.Range(default, null)).View.StateHash;
    }
}
