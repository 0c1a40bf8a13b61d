using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Connections;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Listening;
using Transport.Epoll.Scheduling;
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UnbindAsync_QueuedClients_AreHandedOutThenNull(bool isUnix)
    {
        using TempSocketPath path = new();
        await using EpollConnectionListener listener = await StartAsync(endPoint: isUnix ? path.EndPoint : null);
        using Socket first = await ConnectInVainAsync(listener, tries: 1);
        using Socket second = await ConnectInVainAsync(listener, tries: 2);
        await first.SendAsync("1"u8.ToArray()).WithTimeout();
        await second.SendAsync("2"u8.ToArray()).WithTimeout();
        _kernel.OnAccept.Recover();

        Task unbound = listener.UnbindAsync().AsTask();
        ConnectionContext[] accepted = [(await listener.AcceptAsync().WithTimeout())!, (await listener.AcceptAsync().WithTimeout())!];

        await unbound.WithTimeout();
        Assert.Null(await listener.AcceptAsync().WithTimeout());
        await Task.WhenAll(accepted.Select(EchoAsync)).WithTimeout();
        Assert.Equal("1", await ReceiveAsync(first));
        Assert.Equal("2", await ReceiveAsync(second));
        await EndAsync(accepted[0]);
        await EndAsync(accepted[1]);
    }

    /// <summary>It would be reset. An abstract name can be reached as long as its socket is open, as can a path that was looked up before.</summary>
    [Fact]
    public async Task UnbindAsync_UnixClientComesAfterTheLastLook_IsRefused()
    {
        UnixDomainSocketEndPoint endPoint = new($"\0te-{Guid.NewGuid():N}");
        await using EpollConnectionListener listener = await StartAsync(endPoint: endPoint);
        using Socket late = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        SocketError error = SocketError.Success;
        _kernel.OnEpollRemove.Before = () => error = Assert.Throws<SocketException>(() => late.Connect(endPoint)).SocketErrorCode;

        await listener.UnbindAsync().AsTask().WithTimeout();

        Assert.Equal(SocketError.ConnectionRefused, error);
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

    private async Task<EpollConnectionListener> StartAsync(int sockets = 1, EndPoint? endPoint = null)
    {
        EventLoopGroup group = new(1, (_, onFailed) => new EventLoop("epoll-loop-0", _kernel, new SpinPolicy(0, 1), null, _faults.Add, onFailed), () => { }, new DriverThreads(1, 0, 0, TimeSpan.Zero));
        ConnectionSettings settings = new(_kernel, MemoryPool<byte>.Shared, _logs.CreateLogger("Transport.Epoll"), Inline: false, NoDelay: true, 0, 0, FinOnError: false);
        ListenSocket[] bound = ListenSocket.Bind(_kernel, endPoint ?? new IPEndPoint(IPAddress.Loopback, 0), sockets, 16, noDelay: true);
        return await EpollConnectionListener.StartAsync(settings, group, bound, new DescriptorReserve(_kernel, accepting: 1)).WithTimeout();
    }

    private static async Task<Socket> ConnectAsync(EpollConnectionListener listener)
    {
        Socket client = new(listener.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
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

    private static async Task EchoAsync(ConnectionContext connection)
    {
        ReadResult read = await connection.Transport.Input.ReadAsync();
        await connection.Transport.Output.WriteAsync(read.Buffer.ToArray());
        connection.Transport.Input.AdvanceTo(read.Buffer.End);
    }

    private static async Task<string> ReceiveAsync(Socket client)
    {
        byte[] buffer = new byte[16];
        return Encoding.ASCII.GetString(buffer, 0, await client.ReceiveAsync(buffer).WithTimeout());
    }
}
