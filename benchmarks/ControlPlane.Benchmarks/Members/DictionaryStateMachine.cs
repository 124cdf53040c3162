using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace ControlPlane.Benchmarks.Members;

/// <summary>The least a key-value store can be, so that what is measured around it is the consensus.</summary>
internal sealed class DictionaryStateMachine(DirectoryInfo folder) : SimpleStateMachine(folder)
{
    private readonly ConcurrentDictionary<string, byte[]> _values = new();

    /// <summary>u16 length of the key, key, value.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var bytes = new byte[sizeof(ushort) + key.Length + value.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)key.Length);
        key.CopyTo(bytes.AsSpan(sizeof(ushort)));
        value.CopyTo(bytes.AsSpan(sizeof(ushort) + key.Length));
        return bytes;
    }

    public byte[]? Get(ReadOnlyMemory<byte> key) => _values.GetValueOrDefault(System.Text.Encoding.ASCII.GetString(key.Span));

    protected override ValueTask<bool> ApplyAsync(LogEntry entry, CancellationToken token)
    {
        if (!entry.IsConfiguration && entry.TryGetPayload(out var payload) && payload.Length > sizeof(ushort))
        {
            var bytes = payload.ToArray();
            var keySize = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            _values[System.Text.Encoding.ASCII.GetString(bytes, sizeof(ushort), keySize)] = bytes[(sizeof(ushort) + keySize)..];
        }

        return ValueTask.FromResult(false);
    }

    // No snapshot is ever asked for: a measurement is shorter than a log.
    protected override ValueTask PersistAsync(IAsyncBinaryWriter writer, CancellationToken token) => ValueTask.CompletedTask;

    protected override ValueTask RestoreAsync(FileInfo snapshotFile, CancellationToken token) => ValueTask.CompletedTask;
}
