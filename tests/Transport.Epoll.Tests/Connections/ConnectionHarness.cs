using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Connections;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections;

/// <summary>One connection on a real loop over real sockets, with a kernel that the test scripts; and the owner that it reports to.</summary>
internal sealed class ConnectionHarness : IConnectionOwner, IAsyncDisposable
{
    private readonly ConnectionSettings _settings;
    private readonly CapturingLoggerProvider _logs = new();
    private readonly List<(EpollConnection Connection, SocketPair Pair)> _connections = [];
    private int _firstReads;
    private int _closed;
    private int _disposed;

    private ConnectionHarness(bool unix, bool inline, long maxReadBufferSize, long maxWriteBufferSize, bool start, MemoryPool<byte>? pool = null)
    {
        Test = new TestLoop(Kernel);
        Logger = new HookedLogger(_logs.CreateLogger("Transport.Epoll"));
        _settings = new ConnectionSettings(Kernel, pool ?? MemoryPool<byte>.Shared, Logger, inline, NoDelay: true,
            maxReadBufferSize, maxWriteBufferSize, FinOnError: false);
        (Connection, Client) = Add(unix, start);
    }

    public ScriptedKernel Kernel { get; } = new();

    public TestLoop Test { get; }

    public EpollConnection Connection { get; }

    /// <summary>The peer's end.</summary>
    public Socket Client { get; }

    public PipeReader Input => Connection.Transport.Input;

    public PipeWriter Output => Connection.Transport.Output;

    /// <summary>The token that the connection is registered with.</summary>
    public ulong Token => Kernel.TokenOf(Connection.Descriptor.Number);

    public int FirstReads => Volatile.Read(ref _firstReads);

    public int DescriptorsClosed => Volatile.Read(ref _closed);

    public int Disposals => Volatile.Read(ref _disposed);

    public ConcurrentQueue<string> Order { get; } = new();

    /// <summary>Runs at the end of each report to the owner, on the reporter's thread.</summary>
    public Action? AfterReport { get; set; }

    public HookedLogger Logger { get; }

    public IEnumerable<LogRecord> Logs => _logs.Records;

    public static ConnectionHarness Tcp(bool inline = false, long maxReadBufferSize = 0, long maxWriteBufferSize = 0, bool start = true,
        MemoryPool<byte>? pool = null)
        => new(unix: false, inline, maxReadBufferSize, maxWriteBufferSize, start, pool);

    public static ConnectionHarness Unix(bool inline = false, long maxReadBufferSize = 0, long maxWriteBufferSize = 0)
        => new(unix: true, inline, maxReadBufferSize, maxWriteBufferSize, start: true);

    /// <summary>Adds a connection to the same loop.</summary>
    public (EpollConnection Connection, Socket Client) Add(bool unix = false, bool start = true)
    {
        SocketPair pair = unix ? SocketPair.Unix() : SocketPair.Tcp();
        EpollConnection connection = new(_settings, Test.Loop, new FileDescriptor(Kernel, pair.Accepted), unix, null, null, this);
        _connections.Add((connection, pair));
        if (start)
        {
            connection.Start();
        }

        return (connection, pair.Client);
    }

    /// <summary>The loop handles this batch of events next.</summary>
    public async Task InjectAsync(params EpollEvent[] batch)
    {
        Kernel.Inject(batch);
        await Test.PassTwoTurnsAsync();
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        ReadResult result = await Input.ReadAtLeastAsync(count).WithTimeout();
        byte[] bytes = result.Buffer.Slice(0, Math.Min(count, result.Buffer.Length)).ToArray();
        Input.AdvanceTo(result.Buffer.GetPosition(bytes.Length));
        return bytes;
    }

    public async Task<byte[]> ReceiveAsync(int count)
    {
        byte[] received = new byte[count];
        int at = 0;
        while (at < count)
        {
            int read = await Client.ReceiveAsync(received.AsMemory(at)).WithTimeout();
            Assert.NotEqual(0, read);
            at += read;
        }

        return received;
    }

    /// <summary>The connection still carries bytes both ways.</summary>
    public async Task AssertWorksAsync()
    {
        await Client.SendAsync(new byte[] { 1, 2, 3 }).WithTimeout();
        Assert.Equal([1, 2, 3], await ReadAsync(3));
        await Output.WriteAsync(new byte[] { 4, 5 }).WithTimeout();
        Assert.Equal([4, 5], await ReceiveAsync(2));
    }

    void IConnectionOwner.OnFirstBytesConsumed(EpollConnection connection)
    {
        Interlocked.Increment(ref _firstReads);
        AfterReport?.Invoke();
    }

    void IConnectionOwner.OnDescriptorClosed()
    {
        Order.Enqueue("closed");
        Interlocked.Increment(ref _closed);
        AfterReport?.Invoke();
    }

    void IConnectionOwner.OnDisposed()
    {
        Order.Enqueue("disposed");
        Interlocked.Increment(ref _disposed);
        AfterReport?.Invoke();
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((EpollConnection connection, SocketPair pair) in _connections)
        {
            connection.Abort(new ConnectionAbortedException("The test has ended."));
            await connection.DisposeAsync().WithTimeout();
            pair.Dispose();
        }

        Test.Dispose();
        Assert.Empty(Test.Faults);
        Assert.Equal(_connections.Count, Disposals);
        Assert.Equal(_connections.Count, DescriptorsClosed);
        Assert.Equal(0, Test.Loop.ConnectionCount);

        // And the loop's own two. The eventfd may outlive the loop's thread for a moment: a pump that ended in place under xunit's
        // synchronization context reports its end from the pool, and that thread may still be returning from the signal that had the
        // loop close the connection.
        int descriptors = _connections.Count + 2;
        await Waiting.UntilAsync(() => Kernel.OnClose.Calls >= descriptors);
        Assert.Equal(descriptors, Kernel.OnClose.Calls);
    }
}
