using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Connections;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Listening;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

public sealed class EpollConnectionListenerTests : IDisposable
{
    private const int AcceptExhausted = 30;

    private readonly ScriptedKernel _kernel = new();
    private readonly CapturingLoggerProvider _logs = new();
    private readonly List<Exception> _faults = [];

    public void Dispose() => _logs.Dispose();

    [Fact]
    public async Task AcceptAsync_Exhausted_WarnsOnceAndLosesNothing()
    {
        await using EpollConnectionListener listener = await StartAsync();
        using Socket client = await ConnectInVainAsync(listener, tries: 4);

        LogRecord warning = Assert.Single(_logs.Records, log => log.Id.Id == AcceptExhausted);
        _kernel.OnAccept.Recover();
        ConnectionContext? connection = await listener.AcceptAsync().WithTimeout();

        Assert.Equal(client.LocalEndPoint, connection!.RemoteEndPoint);
        Assert.Contains(listener.EndPoint.ToString()!, warning.Message, StringComparison.Ordinal);
        await EndAsync(connection);
    }

    [Fact]
    public async Task AcceptAsync_Exhausted_WarnsInTheSystemsWords()
    {
        await using EpollConnectionListener listener = await StartAsync();
        _kernel.OnAccept.Fail(Errno.EMFILE);
        using Socket client = await ConnectAsync(listener);
        ConnectionContext? connection = await listener.AcceptAsync().WithTimeout();

        LogRecord warning = Assert.Single(_logs.Records, log => log.Id.Id == AcceptExhausted);

        Assert.Contains($": {Marshal.GetPInvokeErrorMessage(Errno.EMFILE)}.", warning.Message, StringComparison.Ordinal);
        await EndAsync(connection!);
    }

    [Fact]
    public async Task AcceptAsync_ErrorsOfSingleConnections_NeverLeaveIt()
    {
        await using EpollConnectionListener listener = await StartAsync();
        _kernel.OnAccept.Fail(Errno.ECONNABORTED, Errno.EPROTO, Errno.EPERM, Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM);
        using Socket client = await ConnectAsync(listener);

        ConnectionContext? connection = await listener.AcceptAsync().WithTimeout();

        Assert.Equal(client.LocalEndPoint, connection!.RemoteEndPoint);
        await EndAsync(connection);
    }

    [Fact]
    public async Task AcceptAsync_AConnectionCloses_RetriesAtOnce()
    {
        await using EpollConnectionListener listener = await StartAsync();
        using Socket first = await ConnectAsync(listener);
        ConnectionContext connection = (await listener.AcceptAsync().WithTimeout())!;
        _kernel.OnAccept.Fail(Errno.EMFILE);
        using Socket second = await ConnectAsync(listener);

        await EndAsync(connection);

        ConnectionContext next = (await listener.AcceptAsync().WithTimeout())!;
        Assert.Equal(second.LocalEndPoint, next.RemoteEndPoint);
        await EndAsync(next);
    }

    [Fact]
    public async Task AcceptAsync_LoopCannotGoOn_FailsLoudlyAndConnectionsStillEnd()
    {
        await using EpollConnectionListener listener = await StartAsync();
        using Socket client = await ConnectAsync(listener);
        ConnectionContext connection = (await listener.AcceptAsync().WithTimeout())!;
        Task<ConnectionContext?> accept = listener.AcceptAsync().WithTimeout();
        _kernel.OnEpollWait.FailAlways(Errno.EBADF);

        await client.SendAsync(new byte[1]).WithTimeout();

        await Assert.ThrowsAsync<UnreachableException>(() => accept);
        await EndAsync(connection);
    }

    [Fact]
    public async Task StartAsync_RegistrationRefused_ClosesAll()
    {
        _kernel.OnEpollAdd.Before = () =>
        {
            if (_kernel.OnEpollAdd.Calls == 3)
            {
                _kernel.OnEpollAdd.Fail(Errno.ENOSPC);
            }
        };

        await Assert.ThrowsAsync<SocketException>(() => StartAsync(sockets: 3));

        await Waiting.UntilAsync(() => _kernel.Closed.Count == 5);
        Assert.Empty(_faults);
    }

    [Fact]
    public async Task UnbindAsync_QueuedClients_AreHandedOutThenNull()
    {
        await using EpollConnectionListener listener = await StartAsync();
        using Socket first = await ConnectInVainAsync(listener, tries: 1);
        using Socket second = await ConnectInVainAsync(listener, tries: 2);
        _kernel.OnAccept.Recover();

        Task unbound = listener.UnbindAsync().AsTask();
        ConnectionContext[] accepted = [(await listener.AcceptAsync().WithTimeout())!, (await listener.AcceptAsync().WithTimeout())!];

        await unbound.WithTimeout();
        Assert.Null(await listener.AcceptAsync().WithTimeout());
        Assert.Equal(new[] { first.LocalEndPoint, second.LocalEndPoint }.Select(Text).Order(), accepted.Select(each => Text(each.RemoteEndPoint)).Order());
        await EndAsync(accepted[0]);
        await EndAsync(accepted[1]);
    }

    /// <summary>They would be reset; and connections close while a server stops.</summary>
    [Fact]
    public async Task UnbindAsync_DescriptorsRunOutForAWhile_HandsOutTheRestAllTheSame()
    {
        await using EpollConnectionListener listener = await StartAsync();
        using Socket client = await ConnectInVainAsync(listener, tries: 2);
        int before = _kernel.OnAccept.Calls;
        _kernel.OnAccept.Before = () =>
        {
            if (_kernel.OnAccept.Calls == before + 4) // two drains, and perhaps one try of the loop's before them, are in vain
            {
                _kernel.OnAccept.Recover();
            }
        };

        Task unbound = listener.UnbindAsync().AsTask();
        ConnectionContext? accepted = await listener.AcceptAsync().WithTimeout();

        await unbound.WithTimeout();
        Assert.Equal(client.LocalEndPoint, accepted?.RemoteEndPoint);
        await EndAsync(accepted!);
    }

    [Fact]
    public async Task DisposeAsync_AcceptedButNotTaken_ResetsThem()
    {
        EpollConnectionListener listener = await StartAsync();
        using Socket client = await ConnectAsync(listener);
        await Waiting.UntilAsync(() => _kernel.OnAccept.Calls >= 2);

        await listener.DisposeAsync().WithTimeout();

        await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WithTimeout());
        Assert.Null(await listener.AcceptAsync().WithTimeout());
    }

    private async Task<EpollConnectionListener> StartAsync(int sockets = 1)
    {
        EventLoopGroup group = new(1, (_, onFailed) => new EventLoop("epoll-loop-0", _kernel, new SpinPolicy(0, 1), null, _faults.Add, onFailed), () => { }, new DriverThreads(1, 0, 0, TimeSpan.Zero));
        ConnectionSettings settings = new(_kernel, MemoryPool<byte>.Shared, _logs.CreateLogger("Transport.Epoll"), Inline: false, NoDelay: true, 0, 0, FinOnError: false);
        ListenSocket[] bound = ListenSocket.Bind(_kernel, new IPEndPoint(IPAddress.Loopback, 0), sockets, 16, noDelay: true);
        return await EpollConnectionListener.StartAsync(settings, group, bound, new DescriptorReserve(_kernel, accepting: 1)).WithTimeout();
    }

    private static async Task<Socket> ConnectAsync(EpollConnectionListener listener)
    {
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint).WithTimeout();
        return client;
    }

    /// <summary>A client whose connection the kernel has, and accept does not give out until it recovers.</summary>
    private async Task<Socket> ConnectInVainAsync(EpollConnectionListener listener, int tries)
    {
        _kernel.OnAccept.FailAlways(Errno.EMFILE);
        Socket client = await ConnectAsync(listener);
        await Waiting.UntilAsync(() => _kernel.OnAccept.Calls >= tries);
        return client;
    }

    private static async Task EndAsync(ConnectionContext connection) => await connection.DisposeAsync().WithTimeout();

    private static string Text(EndPoint? endPoint) => $"{endPoint}";
}
