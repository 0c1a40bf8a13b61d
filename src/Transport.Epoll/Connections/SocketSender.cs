using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>The pump from the output pipe to the socket: all that the application has flushed leaves in one gather send.</summary>
/// <remarks>
/// One thread at a time, by the pump's own sequence: the lease holder, or a flushing thread where the send scheduler sends in place.
/// </remarks>
internal sealed class SocketSender(
    EpollConnection connection, EventLoop loop, SendScheduler scheduler, Kernel kernel, PipeReader output, ILogger logger, bool isUnix)
{
    /// <summary>The share of one turn: what the loop sends for one connection before the others have theirs.</summary>
    private const int MaxBytesPerTurn = 1024 * 1024;

    private readonly ReadinessSignal _writable = new(ready: true);
    private long _bytesThisTurn; // one send may take 2 GiB

    // The pump writes, the receiver reads: volatile.
    private volatile bool _sending;

    /// <summary>Whether a send is under way, or one has failed whose reason is not published yet. Any thread.</summary>
    public bool IsSending => _sending;

    /// <summary>The kernel reported events. Lease holder only.</summary>
    public void OnEvents(EpollEvents events)
    {
        if ((events & (EpollEvents.Out | EpollEvents.Hup | EpollEvents.Err)) != 0)
        {
            _writable.Set();
        }
    }

    /// <summary>The connection was shut down: a pump that waits for room shall look. Lease holder only.</summary>
    public void Stop() => _writable.Set();

    /// <summary>
    /// Sends until the output is completed or cancelled, or a call fails. One state machine with its error handling: an idle connection holds it
    /// all its life.
    /// </summary>
    public async Task RunAsync()
    {
        Exception? reason = null;
        try
        {
            while (true)
            {
                if (!_writable.IsCompleted)
                {
                    await _writable;
                    _bytesThisTurn = 0;
                }

                connection.Facts.OnWritingResumed(); // room may have come before the pump could wait for it

                ValueTask<ReadResult> read = output.ReadAsync();
                if (!read.IsCompleted)
                {
                    _bytesThisTurn = 0;
                }

                if (!TrySend(await read, ref reason))
                {
                    break;
                }

                if (_bytesThisTurn >= MaxBytesPerTurn)
                {
                    _bytesThisTurn = 0;
                    await new LoopYield(loop);
                }
            }
        }
#pragma warning disable CA1031 // Whatever it was, it is the connection's reason, and the connection ends rather than the loop.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reason = exception;
            SocketFailures.LogError(exception, connection, logger);
        }
        finally
        {
            connection.OnSendEnded(reason);
        }
    }

    /// <summary>One send of what was read. False at the end, which an error may have brought.</summary>
    private bool TrySend(in ReadResult result, ref Exception? reason)
    {
        if (result.IsCanceled)
        {
            return false;
        }

        ReadOnlySequence<byte> buffer = result.Buffer;
        if (buffer.IsEmpty)
        {
            output.AdvanceTo(buffer.End);
            return !result.IsCompleted;
        }

        int edge = _writable.Edge;
        _sending = true; // before the call, whose lock on the socket orders it for the receiver's call
        SysResult sent = buffer.IsSingleSegment
            ? kernel.Send(connection.Descriptor.Number, buffer.FirstSpan)
            : kernel.SendGather(connection.Descriptor.Number, buffer);
        connection.Facts.OnSend(sent, gathered: !buffer.IsSingleSegment);
        if (!sent.IsOk)
        {
            output.AdvanceTo(buffer.Start);
            if (!sent.IsWouldBlock && !sent.IsInterrupted)
            {
                reason = SocketFailures.Explain(sent, connection, logger);
                return false; // and still sending, until the reason is published
            }

            _sending = false;
            if (sent.IsWouldBlock)
            {
                if (connection.ShutdownReason is not null)
                {
                    return false; // shut down, but the kernel would not dissolve the connection: no room will come
                }

                WaitForRoom(edge);
            }

            return true;
        }

        _sending = false;
        scheduler.OnSent(sent.Value);
        _bytesThisTurn += sent.Value;
        bool all = sent.Value == buffer.Length;
        output.AdvanceTo(all ? buffer.End : buffer.GetPosition(sent.Value));
        return !(all && result.IsCompleted);
    }

    /// <summary>
    /// The socket's buffer is full. A TCP socket reports room by itself. A unix socket is registered without OUT, which would wake the loop
    /// for every message the peer takes, so it is asked for now, again each time: a modification re-arms the edge.
    /// </summary>
    private void WaitForRoom(int edge)
    {
        _writable.Clear(edge);
        connection.Facts.OnWritingPaused();
        if (isUnix)
        {
            connection.ListenForRoom();
        }
    }
}
