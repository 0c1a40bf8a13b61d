using System.Text;
using Transport.Epoll.Bench.Load;

namespace Transport.Epoll.Bench.Tests.Load;

/// <summary>What is read as a whole answer. One thread.</summary>
public sealed class RawGetTests
{
    private const string Answer = "HTTP/1.1 503 Service Unavailable\r\nDate: x\r\ncontent-length: 5\r\n\r\nbusy\n";

    [Fact]
    public void TryRead_EachPartOfAnAnswer_WaitsForTheRest()
    {
        for (var length = 0; length < Answer.Length; length++)
        {
            Assert.False(RawGet.TryRead(Encoding.ASCII.GetBytes(Answer[..length]), out _, out _), Answer[..length]);
        }

        Assert.True(RawGet.TryRead(Encoding.ASCII.GetBytes(Answer), out var status, out var keeps));
        Assert.Equal(503, status);
        Assert.True(keeps);
    }

    [Fact]
    public void TryRead_ConnectionClose_DoesNotKeepIt()
    {
        Assert.True(RawGet.TryRead("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8, out var status, out var keeps));
        Assert.Equal(200, status);
        Assert.False(keeps);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    public void TryRead_AnotherProtocolOrNoLength_IsRefused(string answer) =>
        Assert.Throws<IOException>(() => RawGet.TryRead(Encoding.ASCII.GetBytes(answer), out _, out _));
}
