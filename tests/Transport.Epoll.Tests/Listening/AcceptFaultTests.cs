using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Connections;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Listening;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

/// <summary>What throws between the accept and the hand-out costs that connection: its descriptor is closed, the loops are given back.</summary>
public sealed class AcceptFaultTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnAccepted_SettingUpThrows_ClosesTheDescriptorAndGivesTheLoopsBack(bool interrupted)
    {
        ScriptedKernel kernel = new();
        using CapturingLoggerProvider logs = new();
        TaskCompletionSource loopsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        EventLoopGroup group = new(1, (_, onFailed) => new EventLoop("epoll-loop-0", kernel, new SpinPolicy(0, 1), null, _ => { }, onFailed),
            loopsEnded.SetResult, new DriverThreads(1, 0, 0, TimeSpan.Zero));
        ConnectionSettings settings = new(kernel, MemoryPool<byte>.Shared, logs.CreateLogger("Transport.Epoll"), Inline: false, NoDelay: true, 0, 0, FinOnError: false);
        ListenSocket[] bound = ListenSocket.Bind(kernel, new IPEndPoint(IPAddress.Any, 0), 1, 16, noDelay: true);
        EpollConnectionListener listener = await EpollConnectionListener.StartAsync(settings, group, bound, new DescriptorReserve(kernel, accepting: 1)).WithTimeout();
        IPEndPoint endPoint = new(IPAddress.Loopback, ((IPEndPoint)listener.EndPoint).Port);
        int names = 0;
        kernel.OnGetSocketName.Before = () =>
        {
            if (Interlocked.Increment(ref names) == 1)
            {
                throw interrupted ? new ThreadInterruptedException() : new InvalidOperationException("while it is set up");
            }
        };

        using (RawClient unlucky = await RawClient.ConnectAsync(endPoint))
        {
            await unlucky.ReadToEndOrResetAsync();
        }

        using (RawClient client = await RawClient.ConnectAsync(endPoint))
        {
            ConnectionContext? connection = await listener.AcceptAsync().WithTimeout();
            Assert.Equal(client.Socket.LocalEndPoint, connection!.RemoteEndPoint);
            await connection.DisposeAsync().WithTimeout();
        }

        Assert.Equal(interrupted ? 0 : 1, logs.Records.Count(log => log.Id.Id == 30));
        await listener.DisposeAsync().WithTimeout();
        await loopsEnded.Task.WithTimeout();
    }
}
