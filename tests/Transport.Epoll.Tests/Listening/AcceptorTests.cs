using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Transport.Epoll.Listening;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

public sealed class AcceptorTests : IDisposable
{
    private readonly ScriptedKernel _kernel = new();
    private readonly StubSink _sink = new();
    private readonly TestLoop _test;
    private readonly ListenSocket _socket;
    private readonly Acceptor _acceptor;
    private readonly List<Socket> _clients = [];

    public AcceptorTests()
    {
        _test = new TestLoop(_kernel);
        _socket = ListenSocket.Bind(_kernel, new IPEndPoint(IPAddress.Loopback, 0), 1, 512, noDelay: true)[0];
        _acceptor = new Acceptor(_sink, _test.Loop, _socket, _kernel, new DescriptorReserve(_kernel, accepting: 1));
    }

    public void Dispose()
    {
        _acceptor.Stop();
        _acceptor.Close();
        _test.Dispose();
        _clients.ForEach(client => client.Dispose());
        Assert.Empty(_test.Faults);
        Assert.True(_socket.Descriptor.IsClosed);
    }

    [Fact]
    public async Task OnEvents_OneClient_AcceptsItWithItsAddress()
    {
        await _acceptor.StartAsync().WithTimeout();

        Socket client = await ConnectAsync();

        Assert.Equal(client.LocalEndPoint, await _sink.AcceptedAsync());
    }

    [Theory]
    [InlineData(Errno.EINTR)]
    [InlineData(Errno.ECONNABORTED)]
    [InlineData(Errno.EPROTO)]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.ENETUNREACH)]
    [InlineData(Errno.EHOSTUNREACH)]
    public async Task OnEvents_ErrorOfOneConnection_IsSkipped(int errno)
    {
        _kernel.OnAccept.Fail(errno, errno, errno);
        await _acceptor.StartAsync().WithTimeout();

        Socket client = await ConnectAsync();

        Assert.Equal(client.LocalEndPoint, await _sink.AcceptedAsync());
    }

    [Theory]
    [InlineData(Errno.EMFILE)]
    [InlineData(Errno.ENFILE)]
    [InlineData(Errno.ENOBUFS)]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EPERM, 16)] // of a security module that answers it to every accept: rests after so many in a row
    public async Task OnEvents_Exhausted_LosesNoConnectionAndDoesNotSpin(int errno, int callsPerTry = 1)
    {
        _kernel.OnAccept.FailAlways(errno);
        await _acceptor.StartAsync().WithTimeout();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 5; i++)
        {
            await ConnectAsync();
        }

        for (int i = 0; i < 7; i++)
        {
            Assert.Equal(errno, (await _sink.ExhaustedAsync()).Errno);
        }

        int calls = _kernel.OnAccept.Calls;
        int retries = (int)(Stopwatch.GetElapsedTime(start) / TimeSpan.FromMilliseconds(90));
        _kernel.OnAccept.Recover();
        for (int i = 0; i < 5; i++)
        {
            Assert.NotNull(await _sink.AcceptedAsync());
        }

        Assert.InRange(calls, 7, callsPerTry * (5 + retries + 1));
    }

    [Fact]
    public async Task Resume_DescriptorFreedAfterExhaustion_AcceptsOnce()
    {
        _kernel.OnAccept.Fail(Errno.EMFILE);
        await _acceptor.StartAsync().WithTimeout();
        await ConnectAsync();
        await _sink.ExhaustedAsync();

        _acceptor.Resume();
        _acceptor.Resume();
        await _sink.AcceptedAsync();
        await _test.PassTwoTurnsAsync();

        Assert.Equal(0, _sink.Accepted);
    }

    /// <summary>Epoll won't report the others again, and nobody but the acceptor hears of the fault.</summary>
    [Fact]
    public async Task Resume_AConnectionCantBeSetUp_AcceptsTheOthers()
    {
        InvalidOperationException fault = new();
        _sink.NextFault = fault;
        _kernel.OnAccept.Fail(Errno.EMFILE);
        await ConnectAsync();
        Socket second = await ConnectAsync();
        await _acceptor.StartAsync().WithTimeout();
        await _sink.ExhaustedAsync();

        _acceptor.Resume();

        Assert.Equal(second.LocalEndPoint, await _sink.AcceptedAsync());
        Assert.Same(fault, Assert.Single(_test.Faults));
        _test.Faults.Clear();
    }

    [Fact]
    public async Task Resume_NotHeld_CallsNothing()
    {
        await _acceptor.StartAsync().WithTimeout();
        await _test.PassTwoTurnsAsync();
        int calls = _kernel.OnAccept.Calls;

        _acceptor.Resume();
        await _test.PassTwoTurnsAsync();

        Assert.Equal(calls, _kernel.OnAccept.Calls);
    }

    [Fact]
    public async Task OnEvents_NoRoom_WaitsForResume()
    {
        _sink.Room = false;
        await _acceptor.StartAsync().WithTimeout();
        await ConnectAsync();
        await ConnectAsync();
        await _test.PassTwoTurnsAsync();
        Assert.Equal(0, _kernel.OnAccept.Calls);

        _sink.Room = true;
        _acceptor.Resume();

        await _sink.AcceptedAsync();
        await _sink.AcceptedAsync();
    }

    [Fact]
    public async Task OnEvents_RoomComesBetweenTheTwoLooks_GoesOnByItself()
    {
        // The taker makes room after the first look and finds nobody held up: nobody will resume.
        _sink.NextRoom.Enqueue(false);
        await _acceptor.StartAsync().WithTimeout();

        await ConnectAsync();

        await _sink.AcceptedAsync();
    }

    [Fact]
    public async Task OnEvents_MoreThanOneTurnsShare_AcceptsAll()
    {
        for (int i = 0; i < 200; i++)
        {
            await ConnectAsync();
        }

        await _acceptor.StartAsync().WithTimeout();

        for (int i = 0; i < 200; i++)
        {
            await _sink.AcceptedAsync();
        }
    }

    [Fact]
    public async Task Stop_ThenClients_AcceptsNothingUntilDrain()
    {
        await _acceptor.StartAsync().WithTimeout();
        _acceptor.Stop();
        await ConnectAsync();
        await ConnectAsync();
        await _test.PassTwoTurnsAsync();
        Assert.Equal(0, _sink.Accepted);

        _acceptor.Drain();

        Assert.Equal(2, _sink.Accepted);
    }

    [Fact]
    public async Task Drain_ErrorsOfOneConnection_TakesTheRest()
    {
        await _acceptor.StartAsync().WithTimeout();
        _acceptor.Stop();
        await ConnectAsync();
        _kernel.OnAccept.Fail(Errno.ECONNABORTED, Errno.EINTR, Errno.EPERM);

        _acceptor.Drain();

        Assert.Equal(1, _sink.Accepted);
    }

    [Theory]
    [InlineData(Errno.EMFILE)]
    [InlineData(Errno.EPERM)]
    public async Task Drain_EveryCallFails_Ends(int errno)
    {
        await _acceptor.StartAsync().WithTimeout();
        _acceptor.Stop();
        _kernel.OnAccept.FailAlways(errno);

        _acceptor.Drain();

        Assert.Equal(0, _sink.Accepted);
    }

    [Fact]
    public async Task Stop_WhileARetryIsPending_RetriesNoMore()
    {
        _kernel.OnAccept.Fail(Errno.EMFILE);
        await _acceptor.StartAsync().WithTimeout();
        await ConnectAsync();
        await _sink.ExhaustedAsync();
        _acceptor.Stop();
        int calls = _kernel.OnAccept.Calls;

        _acceptor.Resume();
        await _test.PassTwoTurnsAsync();

        Assert.Equal(calls, _kernel.OnAccept.Calls);
    }

    [Fact]
    public async Task StartAsync_RegistrationRefused_Fails()
    {
        _kernel.OnEpollAdd.Fail(Errno.ENOSPC);

        await Assert.ThrowsAsync<SocketException>(() => _acceptor.StartAsync().WithTimeout());
    }

    private async Task<Socket> ConnectAsync()
    {
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _clients.Add(client);
        await client.ConnectAsync(_socket.EndPoint).WithTimeout();
        return client;
    }
}
