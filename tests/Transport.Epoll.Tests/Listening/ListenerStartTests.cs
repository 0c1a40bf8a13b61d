using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Connections;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Listening;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

/// <summary>A listener starts whole or not at all: its sockets, their file and its reference to the loops, and so their descriptors and threads, are given back.</summary>
public sealed class ListenerStartTests
{
    private const int Loops = 2;

    private readonly ScriptedKernel _kernel = new();
    private readonly ConcurrentQueue<Thread> _threads = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task StartAsync_ALoopCantWatchItsSocket_ThrowsItsErrorAndLeavesNothing(int number)
    {
        EventLoopGroup group = CreateGroup();
        ListenSocket[] sockets = ListenSocket.Bind(_kernel, new IPEndPoint(IPAddress.Loopback, 0), Loops, 16, noDelay: true);
        int calls = 0;
        _kernel.OnEpollAdd.Before = () =>
        {
            if (Interlocked.Increment(ref calls) == number)
            {
                _kernel.OnEpollAdd.Fail(Errno.ENOSPC);
            }
        };

        SocketException thrown = await Assert.ThrowsAsync<SocketException>(() => StartAsync(Settings, group, sockets));

        Assert.Equal(SysResult.Failed(Errno.ENOSPC).ToException().SocketErrorCode, thrown.SocketErrorCode);
        Assert.Equal(number, Volatile.Read(ref calls));
        await AssertNothingIsLeftAsync(sockets);
    }

    [Fact]
    public async Task StartAsync_ALoopCantWatchAUnixSocket_RemovesItsFile()
    {
        using TempSocketPath path = new();
        EventLoopGroup group = CreateGroup();
        ListenSocket[] sockets = ListenSocket.Bind(_kernel, path.EndPoint, 1, 16, noDelay: true);
        Assert.True(File.Exists(path.Path));
        _kernel.OnEpollAdd.Fail(Errno.ENOSPC);

        await Assert.ThrowsAsync<SocketException>(() => StartAsync(Settings, group, sockets));

        await AssertNothingIsLeftAsync(sockets);
        Assert.False(File.Exists(path.Path));
    }

    /// <summary>As when the process's first timer, which an acceptor makes, can't have its thread: there is no listener that could be disposed of.</summary>
    [Fact]
    public async Task StartAsync_TheListenerCantBeMade_ThrowsAndLeavesNothing()
    {
        using TempSocketPath path = new();
        EventLoopGroup group = CreateGroup();
        ListenSocket[] sockets = ListenSocket.Bind(_kernel, path.EndPoint, 1, 16, noDelay: true);

        await Assert.ThrowsAsync<NullReferenceException>(() => StartAsync(settings: null!, group, sockets));

        await AssertNothingIsLeftAsync(sockets);
        Assert.False(File.Exists(path.Path));
    }

    private ConnectionSettings Settings => new(_kernel, MemoryPool<byte>.Shared, NullLogger.Instance, Inline: false, NoDelay: true, 0, 0, FinOnError: false);

    private async Task StartAsync(ConnectionSettings settings, EventLoopGroup group, ListenSocket[] sockets)
        => await EpollConnectionListener.StartAsync(settings, group, sockets, new DescriptorReserve(_kernel, accepting: sockets.Length)).WithTimeout();

    private async Task AssertNothingIsLeftAsync(ListenSocket[] sockets)
    {
        await _ended.Task.WithTimeout(); // the last reference was given back, and the last loop has ended
        Assert.All(_threads, thread => thread.JoinWithTimeout());
        Assert.Equal(Loops, _threads.Count);
        Assert.All(sockets, socket => Assert.Contains(socket.Descriptor.Number, _kernel.Closed));
        Assert.Equal(2 * Loops, _kernel.Made); // an epoll and an event descriptor each
        await Waiting.UntilAsync(() => _kernel.Closed.Count >= _kernel.Made + sockets.Length);
        Assert.Equal(_kernel.Closed.Count, _kernel.Closed.Distinct().Count());
    }

    private EventLoopGroup CreateGroup()
    {
        DriverThreads threads = new(Loops, 0, 0, TimeSpan.Zero, new ThreadStarter(start: thread =>
        {
            _threads.Enqueue(thread);
            thread.UnsafeStart();
        }));
        return new(Loops, (i, onFailed) => new EventLoop($"epoll-loop-{i}", _kernel, new SpinPolicy(0, 1), null, _ => { }, onFailed), _ended.SetResult, threads);
    }
}
