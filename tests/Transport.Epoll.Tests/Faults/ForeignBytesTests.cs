using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Faults;

/// <summary>
/// Nothing of one connection appears on another, nor memory that nobody wrote: many short connections on one loop, so that descriptors, slots and buffers
/// are used again and again, most of them cut short in one way or another, each with bytes of its own. Alone: other tests would take the descriptors that are free again.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class ForeignBytesTests
{
    private const int Rounds = 40;
    private const int Together = 8;
    private const int MaxBytes = 100_000;

    [Theory]
    [InlineData(TransportKind.Sockets, false)]
    [InlineData(TransportKind.EpollAuto, false)]
    [InlineData(TransportKind.EpollInline, false)]
    [InlineData(TransportKind.EpollThreadPool, false)]
    [InlineData(TransportKind.EpollAuto, true)]
    [InlineData(TransportKind.EpollInline, true)]
    [InlineData(TransportKind.EpollThreadPool, true)]
    public async Task Connections_OneAfterTheOtherInTheSameMemory_SeeTheirOwnBytesOnly(TransportKind kind, bool unix)
    {
        using var pool = new PoisonedPool();
        using var path = new TempSocketPath();
        await using var services = new ServiceCollection().AddLogging().AddSingleton<IMemoryPoolFactory<byte>>(pool)
            .AddTransport(kind, new TransportTuning { LoopCount = 1 }).BuildServiceProvider();
        var factory = services.GetServices<IConnectionListenerFactory>().Last();
        var listener = await factory.BindAsync(unix ? path.EndPoint : new IPEndPoint(IPAddress.Loopback, 0)).WithTimeout();
        LoopStates.Watch(factory);
        var descriptors = new ConcurrentQueue<nint>();
        var serving = ServeAsync(listener, descriptors);
        PoisonedPool.PoisonSharedArrays();

        for (var round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(round * Together, Together).Select(number => ExchangeAsync(listener.EndPoint, number)));
        }

        await listener.UnbindAsync().WithTimeout();
        await serving.WithTimeout();
        await listener.DisposeAsync().WithTimeout();
        Assert.Equal(0, pool.Spoilt);
        Assert.NotEqual(0, pool.Reused);
        Assert.Equal(Rounds * Together, descriptors.Count);
        Assert.InRange(descriptors.Distinct().Count(), 1, Rounds * Together / 2); // used again and again
    }

    /// <summary>The first byte of a connection is its own; all others must be the same. One client in four leaves in the middle, by FIN or RST.</summary>
    private static async Task ExchangeAsync(EndPoint endPoint, int number)
    {
        var random = new Random(number);
        var own = (byte)(number % 100);
        var bytes = new byte[random.Next(1, MaxBytes)];
        bytes.AsSpan().Fill(own);
        using var client = await RawClient.ConnectAsync(endPoint);
        var sending = SendAsync(client, bytes);
        var leaveAfter = random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length;
        var buffer = new byte[8192];
        try
        {
            for (var received = 0; received < leaveAfter;)
            {
                var count = await client.Socket.ReceiveAsync(buffer).WithTimeout();
                Assert.Equal(-1, buffer.AsSpan(0, count).IndexOfAnyExcept(own));
                if (count == 0)
                {
                    break; // the server left in the middle
                }

                received += count;
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The server aborted.
        }

        if (leaveAfter < bytes.Length)
        {
            client.Reset();
        }

        await sending.WithTimeout();
    }

    private static async Task SendAsync(RawClient client, byte[] bytes)
    {
        try
        {
            await client.SendAsync(bytes);
            client.Fin();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // One of the two has left in the middle.
        }
    }

    private static async Task ServeAsync(IConnectionListener listener, ConcurrentQueue<nint> descriptors)
    {
        var connections = new List<Task>();
        while (await listener.AcceptAsync() is { } connection)
        {
            descriptors.Enqueue(connection.Features.Get<IConnectionSocketFeature>()!.Socket.Handle);
            connections.Add(Task.Run(() => EchoAsync(connection, new Random(connections.Count))));
        }

        await Task.WhenAll(connections);
    }

    /// <summary>Echoes, holding bytes back now and then; one connection in four is aborted, or disposed with bytes on their way, somewhere in the middle.</summary>
    private static async Task EchoAsync(ConnectionContext connection, Random random)
    {
        await using (connection)
        {
            var leaveAfter = random.Next(4) == 0 ? random.Next(MaxBytes) : long.MaxValue;
            byte? own = null;
            try
            {
                for (long echoed = 0; echoed < leaveAfter;)
                {
                    var read = await connection.Transport.Input.ReadAsync();
                    var taken = read.Buffer.Slice(0, random.Next(3) == 0 && !read.IsCompleted ? read.Buffer.Length / 2 : read.Buffer.Length);
                    foreach (var segment in taken)
                    {
                        own ??= segment.Span[0];
                        Assert.Equal(-1, segment.Span.IndexOfAnyExcept(own.Value));
                        connection.Transport.Output.Write(segment.Span);
                    }

                    connection.Transport.Input.AdvanceTo(taken.End);
                    echoed += taken.Length;
                    await connection.Transport.Output.FlushAsync();
                    if (read.IsCompleted && taken.Length == read.Buffer.Length)
                    {
                        return;
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
            {
                return; // the client left
            }

            if (random.Next(2) == 0)
            {
                connection.Abort(new ConnectionAbortedException("in the middle"));
            }
        }
    }
}
