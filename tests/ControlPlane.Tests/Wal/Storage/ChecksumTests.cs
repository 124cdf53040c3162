using ControlPlane.Wal.Storage;

namespace ControlPlane.Tests.Wal.Storage;

public sealed class ChecksumTests
{
    [Fact]
    public void The_checksum_is_the_published_castagnoli_one()
    {
        // RFC 3720, appendix B.4, and the usual check value.
        Assert.Equal(0xE3069283, Checksum.Of("123456789"u8));
        Assert.Equal(0x8A9136AA, Checksum.Of(new byte[32]));
    }
}
