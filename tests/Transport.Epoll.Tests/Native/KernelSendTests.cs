using System.Buffers;
using System.Net.Sockets;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Native;

public class KernelSendTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(300)]
    public async Task SendGather_Segments_SendsUpToTheLimitInOrder(int segments)
    {
        using SocketPair pair = SocketPair.Tcp();
        using FileDescriptor accepted = new(Kernel.Linux, pair.Accepted);
        byte[] data = RandomBytes(segments * 7);

        int sent = Kernel.Linux.SendGather(pair.Accepted, Split(data, 7)).Value;

        Assert.Equal(Math.Min(segments, Kernel.MaxGather) * 7, sent);
        Assert.Equal(data[..sent], await ReceiveAsync(pair.Client, sent));
    }

    [Fact]
    public async Task SendGather_EmptySegments_DoNotCount()
    {
        using SocketPair pair = SocketPair.Unix();
        using FileDescriptor accepted = new(Kernel.Linux, pair.Accepted);
        Segment first = new(default);
        Segment last = first;
        for (int i = 0; i < 400; i++)
        {
            last = last.Append(i % 2 == 0 ? default : new byte[] { (byte)i });
        }

        int sent = Kernel.Linux.SendGather(pair.Accepted, new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length)).Value;

        Assert.Equal(200, sent);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (byte)((2 * i) + 1)), await ReceiveAsync(pair.Client, sent));
    }

    [Fact]
    public async Task SendGather_FullBuffer_SendsAPartThenWouldBlock()
    {
        using SocketPair pair = SocketPair.Tcp();
        using FileDescriptor accepted = new(Kernel.Linux, pair.Accepted);
        byte[] data = RandomBytes(64 * 1024 * 1024);

        int sent = 0;
        SysResult result;
        while ((result = Kernel.Linux.SendGather(pair.Accepted, Split(data[sent..], 1024 * 1024))).IsOk)
        {
            sent += result.Value;
        }

        Assert.True(result.IsWouldBlock);
        Assert.InRange(sent, 1, data.Length - 1);
        Assert.Equal(data[..sent], await ReceiveAsync(pair.Client, sent));
    }

    [Fact]
    public async Task Send_FullBuffer_SendsAPartThenWouldBlock()
    {
        using SocketPair pair = SocketPair.Unix();
        using FileDescriptor accepted = new(Kernel.Linux, pair.Accepted);
        byte[] data = RandomBytes(16 * 1024 * 1024);

        int sent = Kernel.Linux.Send(pair.Accepted, data).Value;

        Assert.InRange(sent, 1, data.Length - 1);
        Assert.True(Kernel.Linux.Send(pair.Accepted, data.AsSpan(sent)).IsWouldBlock);
        Assert.Equal(data[..sent], await ReceiveAsync(pair.Client, sent));
    }

    [Fact]
    public void Send_PeerGone_IsBrokenPipeAndNoSignal()
    {
        using SocketPair pair = SocketPair.Unix();
        using FileDescriptor accepted = new(Kernel.Linux, pair.Accepted);
        pair.Client.Dispose();

        Assert.Equal(Errno.EPIPE, Kernel.Linux.Send(pair.Accepted, new byte[1]).Errno);
        Assert.Equal(Errno.EPIPE, Kernel.Linux.SendGather(pair.Accepted, Split(new byte[2], 1)).Errno);
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] data = new byte[count];
        new Random(count).NextBytes(data);
        return data;
    }

    private static ReadOnlySequence<byte> Split(byte[] data, int size)
    {
        Segment first = new(data.AsMemory(0, Math.Min(size, data.Length)));
        Segment last = first;
        for (int at = size; at < data.Length; at += size)
        {
            last = last.Append(data.AsMemory(at, Math.Min(size, data.Length - at)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static async Task<byte[]> ReceiveAsync(Socket client, int count)
    {
        byte[] received = new byte[count];
        for (int at = 0; at < count;)
        {
            int read = await client.ReceiveAsync(received.AsMemory(at)).WithTimeout();
            Assert.NotEqual(0, read);
            at += read;
        }

        return received;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            Segment next = new(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
