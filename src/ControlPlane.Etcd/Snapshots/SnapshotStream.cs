using System.Security.Cryptography;
using ControlPlane.Etcd.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Etcd.Snapshots;

/// <summary>Sends a snapshot as etcd's clients expect one: pieces of 32 KiB, filled up to a multiple of 512 bytes, and the SHA-256 of all that as the last 32
/// bytes. <c>etcdctl snapshot save</c> checks the length and nothing else; <c>controlplane snapshot restore</c> checks everything.</summary>
/// <param name="pieces">Where the pieces go.</param>
/// <param name="header">Of the first piece.</param>
/// <param name="sizeBytesEstimate">About how large it will be; what is told to remain while it is not known better.</param>
internal sealed class SnapshotStream(IServerStreamWriter<SnapshotResponse> pieces, ResponseHeader header, long sizeBytesEstimate) : Stream
{
    private const int PieceSizeBytes = 32 << 10;
    private const int PaddingBytes = 512;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _piece = new byte[PieceSizeBytes];
    private int _filled;
    private long _sizeBytes;
    private ResponseHeader? _header = header;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _sizeBytes;
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _hash.AppendData(buffer.Span);
        await AddAsync(buffer);
    }

    /// <summary>Fills up, adds the hash, and sends what is left.</summary>
    public async Task CompleteAsync()
    {
        var padding = new byte[(int)((PaddingBytes - _sizeBytes % PaddingBytes) % PaddingBytes)];
        _hash.AppendData(padding);
        await AddAsync(padding);
        await AddAsync(_hash.GetHashAndReset());
        if (_filled > 0) await SendAsync(isLast: true);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // For writers that know no other way; the thread waits for the client.
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(ReadOnlySpan<byte> buffer) => WriteAsync(buffer.ToArray()).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _hash.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask AddAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var count = Math.Min(bytes.Length, PieceSizeBytes - _filled);
            bytes[..count].CopyTo(_piece.AsMemory(_filled));
            bytes = bytes[count..];
            _filled += count;
            _sizeBytes += count;
            if (_filled == PieceSizeBytes) await SendAsync(isLast: false);
        }
    }

    private async Task SendAsync(bool isLast)
    {
        var piece = new SnapshotResponse
        {
            Blob = UnsafeByteOperations.UnsafeWrap(_piece.AsMemory(0, _filled)),
            RemainingBytes = isLast ? 0 : (ulong)Math.Max(PaddingBytes, sizeBytesEstimate - _sizeBytes),
        };
        if (_header is not null) (piece.Header, _header) = (_header, null);
        await pieces.WriteAsync(piece);
        // The message keeps the array it was sent with.
        (_piece, _filled) = (new byte[PieceSizeBytes], 0);
    }
}
