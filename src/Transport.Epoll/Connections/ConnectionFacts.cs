using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>What is known of one connection: its traffic, counted here and for its loop, how long it stood still, and what ended it first.</summary>
/// <remarks>The receiver and the sender write, each its own fields; any thread reads, and may find a figure that is one behind.</remarks>
internal sealed class ConnectionFacts(Kernel kernel, EventLoop loop, FileDescriptor descriptor, bool isUnix) : IEpollConnectionFeature
{
    private readonly DateTime _acceptedAt = DateTime.UtcNow;

    // The receiver: lease holder only.
    private long _received;
    private PausedTime _reading;

    // The sender: its pump's own sequence, on whatever thread.
    private long _sent;
    private PausedTime _writing;

    // What ended it, plus one; the first writer wins (compare-exchange).
    private int _end;

    private string? _description;

    // The application's reader writes.
    private bool _isConsumed;

    public int LoopIndex => loop.Counters.Index;

    public DateTimeOffset AcceptedAt => new(_acceptedAt);

    public long BytesReceived => Volatile.Read(ref _received);

    public long BytesSent => Volatile.Read(ref _sent);

    /// <summary>Whether bytes have come of which nothing was consumed, neither by the application nor by middleware in front of it. Any thread: a hint.</summary>
    public bool IsUnread => BytesReceived > 0 && !Volatile.Read(ref _isConsumed);

    public TimeSpan ReadingPaused => _reading.Total;

    public TimeSpan WritingPaused => _writing.Total;

    public bool IsReadingPaused => _reading.IsPaused;

    public bool IsWritingPaused => _writing.IsPaused;

    public string? Description
    {
        get => Volatile.Read(ref _description);
        set => Volatile.Write(ref _description, value);
    }

    /// <summary>The first bytes were consumed.</summary>
    public void OnConsumed() => Volatile.Write(ref _isConsumed, true);

    public EpollTcpInfo? GetTcpInfo()
    {
        if (isUnix || !descriptor.TryBorrow())
        {
            return null;
        }

        bool known = TcpState.TryRead(kernel, descriptor.Number, out TcpState info);
        descriptor.Return();
        return !known ? null : new EpollTcpInfo
        {
            RoundTripTime = Microseconds(info.RoundTrip),
            RoundTripTimeVariation = Microseconds(info.RoundTripVariation),
            MinRoundTripTime = Microseconds(info.MinRoundTrip),
            Retransmits = info.TotalRetransmits,
            DeliveryRate = info.DeliveryRate,
            CongestionWindow = info.CongestionWindow,
            SegmentsInFlight = info.Unacknowledged,
        };
    }

    public EpollPeerCredentials? GetPeerCredentials()
    {
        if (!isUnix || !descriptor.TryBorrow())
        {
            return null;
        }

        bool known = SocketOptions.TryGetPeer(kernel, descriptor.Number, out int process, out uint user, out uint group);
        descriptor.Return();
        return known ? new EpollPeerCredentials { ProcessId = process, UserId = user, GroupId = group } : null;
    }

    /// <summary>Receiver: a receive has returned.</summary>
    public void OnReceive(in SysResult result)
    {
        int bytes = result.IsOk ? result.Value : 0;
        _received += bytes;
        loop.Counters.OnReceive(bytes);
    }

    /// <summary>Sender: a send has returned.</summary>
    public void OnSend(in SysResult result, bool gathered)
    {
        int bytes = result.IsOk ? result.Value : 0;
        _sent += bytes;
        if (loop.IsRunningHere)
        {
            loop.Counters.OnSend(bytes, gathered);
        }
        else
        {
            loop.Counters.Shared.OnSend(bytes, gathered);
        }
    }

    /// <summary>Receiver: the application has enough.</summary>
    public void OnReadingPaused()
    {
        _reading.Begin();
        loop.Counters.OnReaderPaused();
    }

    public void OnReadingResumed()
    {
        _reading.End();
        loop.Counters.OnReaderResumed();
    }

    /// <summary>Sender: the socket has no room.</summary>
    public void OnWritingPaused()
    {
        _writing.Begin();
        loop.Counters.Shared.OnWriterPaused();
    }

    /// <summary>Sender: it goes on, or ends.</summary>
    public void OnWritingResumed()
    {
        if (_writing.IsPaused)
        {
            _writing.End();
            loop.Counters.Shared.OnWriterResumed();
        }
    }

    /// <summary>Something ends the connection: the first is kept.</summary>
    public void OnEnding(ConnectionEnd end) => Interlocked.CompareExchange(ref _end, (int)end + 1, 0);

    /// <summary>It has begun to serve.</summary>
    public void OnStarted(ConnectionContext connection)
    {
        loop.Counters.Shared.OnConnection();
        if (TransportEventSource.Log.IsEnabled())
        {
            TransportEventSource.Log.OnConnectionStarted(connection.ConnectionId, LoopIndex, connection.LocalEndPoint, connection.RemoteEndPoint);
        }
    }

    /// <summary>Its descriptor is closed.</summary>
    public void OnEnded(ConnectionContext connection)
    {
        ConnectionEnd end = (ConnectionEnd)Math.Max(0, Volatile.Read(ref _end) - 1);
        loop.Counters.Shared.OnConnectionEnded(end);
        if (TransportEventSource.Log.IsEnabled())
        {
            TransportEventSource.Log.OnConnectionEnded(connection.ConnectionId, LoopIndex, end, BytesReceived, BytesSent, DateTime.UtcNow - _acceptedAt);
        }
    }

    /// <summary>Any thread.</summary>
    public EpollConnectionSnapshot? Capture(ConnectionContext connection, bool isClosing, bool onPool, bool withTcpInfo) => descriptor.IsClosed ? null : new EpollConnectionSnapshot
    {
        Id = connection.ConnectionId,
        LoopIndex = LoopIndex,
        LocalEndPoint = connection.LocalEndPoint?.ToString(),
        RemoteEndPoint = connection.RemoteEndPoint?.ToString(),
        State = isClosing ? "closing" : "open",
        AcceptedAt = AcceptedAt,
        Age = DateTime.UtcNow - _acceptedAt,
        BytesReceived = BytesReceived,
        BytesSent = BytesSent,
        IsReadingPaused = IsReadingPaused,
        IsWritingPaused = IsWritingPaused,
        ReadingPaused = ReadingPaused,
        WritingPaused = WritingPaused,
        OnPool = onPool,
        Description = Description,
        TcpInfo = withTcpInfo ? GetTcpInfo() : null,
    };

    private static TimeSpan Microseconds(uint value) => TimeSpan.FromTicks(value * TimeSpan.TicksPerMicrosecond);
}
