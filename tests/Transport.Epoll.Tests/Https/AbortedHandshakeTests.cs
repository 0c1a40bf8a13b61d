using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>Clients that leave in the middle of the handshake leave nothing behind. Alone, since it counts what the whole process holds.</summary>
[Collection(RunsAlone.Name)]
public sealed class AbortedHandshakeTests
{
    private const int Aborted = 200;

    /// <summary>The first flight of a client, taken from one of .NET's own.</summary>
    private static readonly Lazy<Task<byte[]>> s_hello = new(RecordHelloAsync);

    [Theory]
    [ClassData(typeof(EpollTransports))]
    public async Task Handshakes_TwoHundredAborted_LeaveNoDescriptorAndNoConnection(TransportKind kind)
    {
        var hello = await s_hello.Value;
        await using var host = await HttpsHost.StartAsync(kind);
        using (var first = host.CreateClient())
        {
            await first.GetStringAsync(host.Address).WithTimeout();
        }

        using KestrelMeter meter = new(host);
        var before = ProcessState.OpenDescriptors.Values.Sum();
        for (var i = 0; i < Aborted; i++)
        {
            using var client = await RawClient.ConnectAsync(host.EndPoint);
            await client.SendAsync(hello.AsMemory(0, i % 2 == 0 ? hello.Length : i % hello.Length));
            if (i % 2 == 0)
            {
                await client.ReadAsync(1); // the server has answered, and waits for the client's end of the handshake
            }

            if (i % 4 < 2)
            {
                client.Reset();
            }
        }

        await Waiting.UntilAsync(() => host.Logs.Of(TransportKind.EpollAuto, 60).Count() == Aborted);
        await Waiting.UntilAsync(() => ProcessState.OpenDescriptors.Values.Sum() <= before);
        await Waiting.UntilAsync(() => meter.Of(KestrelMeter.ConnectionDuration).Count(each => each.Tags.Any(tag => tag.Key == "error.type")) == Aborted);
        Assert.Equal(Aborted, meter.Of(KestrelMeter.Duration).Count);
        Assert.Equal(0, meter.SumOf(KestrelMeter.Active));
        using var client2 = host.CreateClient();
        Assert.Equal("https", await client2.GetStringAsync(host.Address).WithTimeout());
    }

    private static async Task<byte[]> RecordHelloAsync()
    {
        using MemoryStream wire = new();
        await using System.Net.Security.SslStream tls = new(new FirstFlight(wire));
        await Assert.ThrowsAnyAsync<IOException>(() => tls.AuthenticateAsClientAsync("localhost"));
        return wire.ToArray();
    }

    /// <summary>Keeps what is written; nothing ever comes.</summary>
    private sealed class FirstFlight(MemoryStream wire) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override void Write(byte[] buffer, int offset, int count) => wire.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
