using System.Buffers;
using System.IO.Pipelines;
using ControlPlane.Etcd.Hosting;

namespace ControlPlane.Tests.Etcd.Hosting;

public sealed class AuthorityFilterTests
{
    private static readonly byte[] Opening = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(4, 0, []), .. Frame(8, 0, [0, 0, 1, 0])];

    // POST, http, a path not to be remembered, then the authority.
    private static readonly byte[] Before = [0x83, 0x86, 0x04, 0x02, (byte)'/', (byte)'a'];
    private static readonly byte[] After = [0x40, 0x01, (byte)'x', 0x01, (byte)'y'];

    [Theory]
    // Of RFC 7541, C.4.1: www.example.com in Huffman's code; it is left as it is.
    [InlineData("8CF1E3C2E5F23A6BA0AB90F4FF", null)]
    // http://127.0.0.1:1 plain, and https://[::1]:2.
    [InlineData("12687474703A2F2F3132372E302E302E313A31", "0B3132372E302E302E313A31")]
    [InlineData("0F68747470733A2F2F5B3A3A315D3A32", "075B3A3A315D3A32")]
    // http:// in Huffman's code, followed by a-1: 100111 01001 01001 101011 1011100 011000 011000 00011 010110 00001, filled up with ones.
    [InlineData("889D29AEE30C0D60FF", "03612D31")]
    public async Task An_authority_that_is_a_url_loses_its_scheme(string authority, string? expected)
    {
        var sent = Headers(authority);
        var wanted = expected is null ? sent : Headers(expected);
        byte[] rest = [.. Frame(0, 1, new byte[300]), .. Headers("0161"), .. Frame(0, 1, [1, 2, 3])];
        byte[] all = [.. Opening, .. sent, .. rest];

        // Whole, cut at every byte, and byte by byte.
        for (var cut = 0; cut <= Opening.Length + sent.Length + 20; cut += 3) Assert.Equal((byte[])[.. Opening, .. wanted, .. rest], await PassAsync(all[..cut], all[cut..]));
        Assert.Equal((byte[])[.. Opening, .. wanted, .. rest], await PassAsync([.. all.Select(one => new[] { one })]));
    }

    [Fact]
    public async Task What_is_no_header_block_passes_as_it_is()
    {
        byte[] all = [.. Opening, .. Frame(1, 4, [0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), .. Frame(1, 0, [0x41]), 1, 2];
        Assert.Equal(all, await PassAsync(all));
    }

    private static byte[] Headers(string authority) => Frame(1, 4, [.. Before, 0x41, .. Convert.FromHexString(authority), .. After]);

    private static byte[] Frame(byte kind, byte flags, byte[] content) => [0, (byte)(content.Length >> 8), (byte)content.Length, kind, flags, 0, 0, 0, 1, .. content];

    private static async Task<byte[]> PassAsync(params byte[][] pieces)
    {
        var pipe = new Pipe();
        var filter = new AuthorityFilter(pipe.Reader);
        var passed = new List<byte>();
        var reading = Task.Run(async () =>
        {
            while (true)
            {
                var read = await filter.ReadAsync();
                // Seven bytes at a time, as a reader with little room takes them.
                var taken = read.Buffer.Slice(0, Math.Min(7, read.Buffer.Length));
                passed.AddRange(taken.ToArray());
                filter.AdvanceTo(taken.End);
                if (read.IsCompleted && taken.Length == read.Buffer.Length) return;
            }
        });
        foreach (var piece in pieces)
        {
            await pipe.Writer.WriteAsync(piece);
            await Task.Yield();
        }

        await pipe.Writer.CompleteAsync();
        await reading.WaitAsync(Face.Deadline);
        return [.. passed];
    }
}
