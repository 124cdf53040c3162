using ControlPlane.Replica.Codecs;

namespace ControlPlane.Tests.Replica.Codecs;

/// <summary>Frames as docs/formats/peers.md lays them out.</summary>
public sealed class FrameTests
{
    [Fact]
    public async Task The_documented_example_has_these_bytes()
    {
        var stream = new MemoryStream();
        await Frame.WriteAsync(stream, "abc"u8.ToArray(), CancellationToken.None);
        Assert.Equal("03000000" + "B73F4B36" + "616263", Convert.ToHexString(stream.ToArray()));
    }

    [Fact]
    public async Task Frames_are_read_back_one_byte_at_a_time()
    {
        var stream = new MemoryStream();
        await Frame.WriteAsync(stream, "abc"u8.ToArray(), CancellationToken.None);
        await Frame.WriteAsync(stream, default, CancellationToken.None);
        var slow = new OneByteStream(stream.ToArray());
        byte[] abc = [0x61, 0x62, 0x63];
        Assert.Equal(abc, await Frame.ReadAsync(slow, CancellationToken.None));
        Assert.Empty((await Frame.ReadAsync(slow, CancellationToken.None))!);
        Assert.Null(await Frame.ReadAsync(slow, CancellationToken.None));
    }

    [Fact]
    public async Task A_cut_or_flipped_frame_is_refused()
    {
        var whole = new MemoryStream();
        await Frame.WriteAsync(whole, "abcdefgh"u8.ToArray(), CancellationToken.None);
        var bytes = whole.ToArray();
        for (var length = 1; length < bytes.Length; length++)
        {
            await Assert.ThrowsAsync<InvalidDataException>(async () => await Frame.ReadAsync(new MemoryStream(bytes[..length]), CancellationToken.None));
        }

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            await Assert.ThrowsAsync<InvalidDataException>(async () => await Frame.ReadAsync(new MemoryStream(flipped), CancellationToken.None));
        }
    }

    private sealed class OneByteStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
