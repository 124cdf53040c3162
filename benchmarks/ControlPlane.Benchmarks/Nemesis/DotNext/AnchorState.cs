using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ControlPlane.Etcd.Protocol;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Google.Protobuf;

namespace ControlPlane.Benchmarks.Nemesis.DotNext;

/// <summary>Keys, values and revisions as the state machine of a DotNext member: just enough of etcd's semantics for the workload.</summary>
internal sealed class AnchorState(DirectoryInfo folder, int snapshotEntries) : SimpleStateMachine(folder)
{
    private readonly SortedDictionary<string, Stored> _keys = new(StringComparer.Ordinal);
    private long _revision;
    private long _appliedCount;

    public long Revision => Interlocked.Read(ref _revision);

    /// <summary>The keys in a range, and the revision they were read at.</summary>
    public (IReadOnlyList<KeyValue> Pairs, long Revision) Range(string key, string? end)
    {
        lock (_keys)
        {
            var found = end is null ? _keys.Where(pair => pair.Key == key) : _keys.Where(pair => string.CompareOrdinal(pair.Key, key) >= 0 && string.CompareOrdinal(pair.Key, end) < 0);
            return ([.. found.Select(pair => PairOf(pair.Key, pair.Value))], _revision);
        }
    }

    public uint Hash()
    {
        lock (_keys) return BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', _keys.Select(pair => $"{pair.Key} {pair.Value}").Prepend($"{_revision}")))));
    }

    protected override ValueTask<bool> ApplyAsync(LogEntry entry, CancellationToken token)
    {
        if (entry.IsConfiguration || !entry.TryGetPayload(out var payload) || payload.Length == 0) return ValueTask.FromResult(false);
        var command = JsonSerializer.Deserialize<AnchorCommand>(Encoding.UTF8.GetString(payload))!;
        var result = Apply(command);
        (entry.Context as TaskCompletionSource<AnchorResult>)?.TrySetResult(result);
        return ValueTask.FromResult(++_appliedCount % snapshotEntries == 0);
    }

    protected override async ValueTask PersistAsync(IAsyncBinaryWriter writer, CancellationToken token)
    {
        byte[] bytes;
        lock (_keys) bytes = JsonSerializer.SerializeToUtf8Bytes(new Kept(_revision, new(_keys)));
        await writer.Invoke(bytes, token);
    }

    protected override async ValueTask RestoreAsync(FileInfo snapshotFile, CancellationToken token)
    {
        var kept = JsonSerializer.Deserialize<Kept>(await File.ReadAllBytesAsync(snapshotFile.FullName, token))!;
        lock (_keys)
        {
            _keys.Clear();
            foreach (var (key, value) in kept.Keys) _keys.Add(key, value);
            _revision = kept.Revision;
        }
    }

    private AnchorResult Apply(AnchorCommand command)
    {
        lock (_keys)
        {
            var found = _keys.GetValueOrDefault(command.Key);
            if (command.IsConditional && command.Expected != found?.Value) return new(false, _revision, found is null ? null : PairOf(command.Key, found));
            if (command.Value is null && found is null) return new(true, _revision, null);
            _revision++;
            if (command.Value is { } value) _keys[command.Key] = new(value, _revision);
            else _keys.Remove(command.Key);
            return new(true, _revision, found is null ? null : PairOf(command.Key, found));
        }
    }

    private static KeyValue PairOf(string key, Stored stored) =>
        new() { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(stored.Value), ModRevision = stored.Revision };

    private sealed record Stored(string Value, long Revision);

    private sealed record Kept(long Revision, Dictionary<string, Stored> Keys);
}

/// <param name="Value">Null deletes.</param>
/// <param name="Expected">With <paramref name="IsConditional"/>: the value there must be, null for none.</param>
internal sealed record AnchorCommand(string Key, string? Value, bool IsConditional = false, string? Expected = null);

/// <param name="Previous">What was there.</param>
internal sealed record AnchorResult(bool Succeeded, long Revision, KeyValue? Previous);
