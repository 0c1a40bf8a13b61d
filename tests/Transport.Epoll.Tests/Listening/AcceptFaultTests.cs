using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Connections;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Listening;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

/// <summary>Something throws between accept and hand-out: the descriptor is closed, the references are given back, and the next client is served.</summary>
public sealed class AcceptFaultTests : IDisposable
{
    private readonly ThrowingKernel _kernel = new();
    private readonly CapturingLoggerProvider _logs = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventLoopGroup? _group;

    public void Dispose()
    {
        if (!_ended.Task.IsCompleted)
        {
            _group?.Release(); // the test has failed: its threads are not to disturb others
        }

        _logs.Dispose();
    }

    [Theory]
    [InlineData(AcceptStep.Address)]
    [InlineData(AcceptStep.NoDelay)]
    [InlineData(AcceptStep.LocalEndPoint)]
    public async Task Accept_AStepThrows_NothingIsLeftAndTheNextIsServed(AcceptStep step)
    {
        using Socket owner = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        EpollConnectionListener listener = await StartAsync(owner);
        _kernel.ThrowAt(step);

        using Socket lost = await ConnectAsync(listener);

        await ExpectClosedAsync(lost);
        using Socket served = await ConnectAsync(listener);
        ConnectionContext connection = (await listener.AcceptAsync().WithTimeout())!;
        Assert.Equal(served.LocalEndPoint, connection.RemoteEndPoint);
        await ExpectConnectionsAsync(1); // without the lost one, whose descriptor is closed before it is counted off
        await connection.DisposeAsync().WithTimeout();
        await listener.DisposeAsync().WithTimeout();
        await _ended.Task.WithTimeout(); // the last reference was given back
        Assert.Equal(_kernel.Accepted.Order(), _kernel.ClosedAccepted.Order());
    }

    /// <summary>The stopping thread accepts then, and must not reset all that wait because one can't be set up.</summary>
    [Theory]
    [InlineData(AcceptStep.Address)]
    [InlineData(AcceptStep.LocalEndPoint)]
    public async Task Unbind_OneConnectionCantBeSetUp_HandsOutTheOthers(AcceptStep step)
    {
        EpollConnectionListener listener = await StartAsync(owner: null);
        _kernel.HoldAccepts = true;
        using Socket lost = await ConnectAsync(listener);
        using Socket served = await ConnectAsync(listener);
        await Waiting.UntilAsync(() => _kernel.Held > 0);
        _kernel.ThrowAt(step);

        Task unbound = listener.UnbindAsync().AsTask();
        _kernel.HoldAccepts = false;

        ConnectionContext? connection = await listener.AcceptAsync().WithTimeout();
        Assert.Equal(served.LocalEndPoint, connection?.RemoteEndPoint);
        await ExpectClosedAsync(lost);
        await connection!.DisposeAsync().WithTimeout();
        await unbound.WithTimeout();
        await listener.DisposeAsync().WithTimeout();
        await _ended.Task.WithTimeout();
        Assert.Equal(_kernel.Accepted.Order(), _kernel.ClosedAccepted.Order());
    }

    /// <summary>The connection exists by then, with its references: it has to end as one that nobody takes.</summary>
    [Fact]
    public async Task Accept_TheStartThrows_TheConnectionEndsAndTheNextIsServed()
    {
        EpollConnectionListener listener = await StartAsync(owner: null, loopCount: 2);
        List<(Socket Client, ConnectionContext Server)> first = [];
        for (int i = 0; i < 2; i++) // both on the acceptor's loop: the third goes to the other one, which it has to wake
        {
            first.Add((await ConnectAsync(listener), (await listener.AcceptAsync().WithTimeout())!));
        }

        await Waiting.UntilAsync(() => _kernel.Asleep == 2);
        _kernel.ThrowAt(AcceptStep.Wake);
        using Socket lost = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await lost.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listener.EndPoint).Port).WithTimeout();
            await ExpectClosedAsync(lost);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The reset came before the client knew that it was connected.
        }

        Assert.Equal(1, _kernel.WakesThrown);
        using Socket served = await ConnectAsync(listener);
        ConnectionContext connection = (await listener.AcceptAsync().WithTimeout())!;
        Assert.Equal(served.LocalEndPoint, connection.RemoteEndPoint);
        await ExpectConnectionsAsync(3);
        await connection.DisposeAsync().WithTimeout();
        foreach ((Socket client, ConnectionContext server) in first)
        {
            await server.DisposeAsync().WithTimeout();
            client.Dispose();
        }

        await listener.DisposeAsync().WithTimeout();
        await _ended.Task.WithTimeout();
        Assert.Equal(_kernel.Accepted.Order(), _kernel.ClosedAccepted.Order());
    }

    private async Task<EpollConnectionListener> StartAsync(Socket? owner, int loopCount = 1)
    {
        _group = new(loopCount, (i, onFailed) => new EventLoop($"epoll-loop-{i}", _kernel, new SpinPolicy(0, 1), null, _ => { }, onFailed), _ended.SetResult, new DriverThreads(loopCount, 0, 0, TimeSpan.Zero));
        ConnectionSettings settings = new(_kernel, MemoryPool<byte>.Shared, _logs.CreateLogger("Transport.Epoll"), Inline: false, NoDelay: true, 0, 0, FinOnError: false);
        IPEndPoint any = new(IPAddress.Any, 0); // of a wildcard, each connection's own address is asked for
        EndPoint endPoint = any;
        if (owner is not null)
        {
            owner.Bind(any);
            owner.Listen();
            endPoint = new FileHandleEndPoint((ulong)owner.Handle, FileHandleType.Tcp);
        }

        ListenSocket[] bound = ListenSocket.Bind(_kernel, endPoint, 1, 16, noDelay: true);
        return await EpollConnectionListener.StartAsync(settings, _group, bound, new DescriptorReserve(_kernel, accepting: 1)).WithTimeout();
    }

    private Task ExpectConnectionsAsync(int count) => Waiting.UntilAsync(() => _group!.Loops.ToArray().Sum(loop => loop.ConnectionCount) == count);

    private static async Task<Socket> ConnectAsync(EpollConnectionListener listener)
    {
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listener.EndPoint).Port).WithTimeout();
        return client;
    }

    private static async Task ExpectClosedAsync(Socket client)
    {
        try
        {
            Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WithTimeout());
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // As good an end.
        }
    }

    public enum AcceptStep
    {
        None,
        Address,
        NoDelay,
        LocalEndPoint,
        Wake,
    }

    /// <summary>Throws once at a step of the next connection. Any thread.</summary>
    private sealed class ThrowingKernel : Kernel
    {
        private int _step;
        private int _held;
        private int _asleep;
        private int _wakesThrown;

        public volatile bool HoldAccepts;

        /// <summary>How many loops wait for events without a limit.</summary>
        public int Asleep => Volatile.Read(ref _asleep);

        public int WakesThrown => Volatile.Read(ref _wakesThrown);

        public int Held => Volatile.Read(ref _held);

        public System.Collections.Concurrent.ConcurrentQueue<int> Accepted { get; } = new();

        public System.Collections.Concurrent.ConcurrentQueue<int> ClosedAccepted { get; } = new();

        public void ThrowAt(AcceptStep step) => Volatile.Write(ref _step, (int)step);

        public override SysResult Accept(int descriptor, Span<byte> address, out int length)
        {
            if (HoldAccepts)
            {
                Interlocked.Increment(ref _held);
                length = 0;
                return SysResult.TooManyOpenFiles;
            }

            SysResult result = base.Accept(descriptor, address, out length);
            if (result.IsOk)
            {
                Accepted.Enqueue(result.Value);
                if (Interlocked.CompareExchange(ref _step, (int)AcceptStep.None, (int)AcceptStep.Address) == (int)AcceptStep.Address)
                {
                    length = 4; // an address that is cut short can't be read
                }
            }

            return result;
        }

        public override SysResult EpollWait(int epoll, Span<EpollEvent> events, int timeoutMilliseconds)
        {
            if (timeoutMilliseconds >= 0)
            {
                return base.EpollWait(epoll, events, timeoutMilliseconds);
            }

            Interlocked.Increment(ref _asleep);
            SysResult result = base.EpollWait(epoll, events, timeoutMilliseconds);
            Interlocked.Decrement(ref _asleep);
            return result;
        }

        /// <summary>Throws when the loop is awake: what it throws at must not keep it asleep.</summary>
        public override SysResult EventFdSignal(int descriptor)
        {
            SysResult result = base.EventFdSignal(descriptor);
            if (Interlocked.CompareExchange(ref _step, (int)AcceptStep.None, (int)AcceptStep.Wake) == (int)AcceptStep.Wake)
            {
                Interlocked.Increment(ref _wakesThrown);
                throw new InvalidOperationException("Thrown at the wake-up.");
            }

            return result;
        }

        public override SysResult SetOption(int descriptor, int level, int name, int value)
        {
            Throw(AcceptStep.NoDelay, descriptor);
            return base.SetOption(descriptor, level, name, value);
        }

        public override SysResult GetSocketName(int descriptor, Span<byte> address, out int length)
        {
            Throw(AcceptStep.LocalEndPoint, descriptor);
            return base.GetSocketName(descriptor, address, out length);
        }

        public override SysResult Close(int descriptor)
        {
            if (Accepted.Contains(descriptor))
            {
                ClosedAccepted.Enqueue(descriptor);
            }

            return base.Close(descriptor);
        }

        private void Throw(AcceptStep step, int descriptor)
        {
            if (Accepted.Contains(descriptor) && Interlocked.CompareExchange(ref _step, (int)AcceptStep.None, (int)step) == (int)step)
            {
                throw new InvalidOperationException($"Thrown at {step}.");
            }
        }
    }
}
