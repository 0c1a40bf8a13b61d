using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>
/// The pump from the socket into the input pipe. It receives until the socket is drained, the application has enough, or its share of the
/// turn is used up.
/// </summary>
/// <remarks>Lease holder only, from start to end: the pipe resumes it through the loop's scheduler.</remarks>
internal sealed class SocketReceiver(
    EpollConnection connection, EventLoop loop, SendScheduler send, Kernel kernel, PipeWriter input, ILogger logger, bool isUnix)
{
    /// <summary>Half of a pool block, as with Kestrel's own transport: what is left of a block is worth a receive.</summary>
    private const int MinBufferSize = 2048;

    private const int MaxBufferSize = 64 * 1024;

    /// <summary>The share of one turn: four full buffers, so that one fast sender does not starve its neighbours.</summary>
    private const int MaxBytesPerTurn = 4 * MaxBufferSize;

    private readonly ReadinessSignal _readable = new(ready: false);
    private int _bufferSize = MinBufferSize;
    private int _bytesThisTurn;
    private bool _mustReadToEnd;
    private bool _ended;
    private bool _stopped;

    /// <summary>The kernel reported events. Its end, error and urgent flags stay: a short read then does not mean drained.</summary>
    public void OnEvents(EpollEvents events)
    {
        const EpollEvents LastingFlags = EpollEvents.RdHup | EpollEvents.Hup | EpollEvents.Err | EpollEvents.Pri;
        if ((events & (EpollEvents.In | LastingFlags)) != 0)
        {
            _mustReadToEnd |= (events & LastingFlags) != 0;
            _readable.Set();
        }
    }

    /// <summary>Ends the pump; nothing more is received.</summary>
    public void Stop()
    {
        _stopped = true;
        _readable.Set();
    }

    /// <summary>Receives until the end or an error. One state machine with its error handling: an idle connection holds it all its life.</summary>
    public async Task RunAsync()
    {
        Exception? error = null;
        try
        {
            while (true)
            {
                if (!_readable.IsCompleted)
                {
                    await _readable;
                    _bytesThisTurn = 0;
                }

                if (_stopped || Receive(ref error) is not int received)
                {
                    break;
                }

                if (received == 0)
                {
                    if (_ended)
                    {
                        await new LoopYield(loop); // the send is under way on another thread, and does not block
                    }

                    continue;
                }

                ValueTask<FlushResult> flush = input.FlushAsync();
                FlushResult flushed = flush.IsCompleted ? flush.GetAwaiter().GetResult() : await PauseAsync(flush);
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    break;
                }

                if ((_bytesThisTurn += received) >= MaxBytesPerTurn)
                {
                    _bytesThisTurn = 0;
                    await new LoopYield(loop);
                }
            }
        }
#pragma warning disable CA1031 // Whatever it was, the reader gets it, and the connection ends rather than the loop.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            error = exception;
            SocketFailures.LogError(exception, connection, logger);
        }
        finally
        {
            connection.OnReceiveEnded(error);
        }
    }

    /// <summary>One receive into the pipe: the number of bytes, 0 for none yet; <see langword="null"/> at the end, which an error may have brought.</summary>
    private int? Receive(ref Exception? error)
    {
        loop.AssertRunningHere();
        int edge = _readable.Edge;
        Memory<byte> buffer = input.GetMemory(_bufferSize);
        SysResult result = kernel.Receive(connection.Descriptor.Number, buffer.Span);
        connection.Facts.OnReceive(result);
        if (!result.IsOk)
        {
            if (result.IsWouldBlock)
            {
                _readable.Clear(edge);
            }
            else if (!result.IsInterrupted)
            {
                error = SocketFailures.Explain(result, connection, logger);
                return null;
            }

            return 0;
        }

        int received = result.Value;
        if (received == 0)
        {
            // The end, or a reset whose error a send has taken (tcp(7)). That both directions are down tells neither: the application may have shut
            // down its own. A send that is under way says so in a moment, by ending the connection; one that has failed has a reason then.
            _ended = connection.IsSending && connection.ShutdownReason is null;
            if (_ended)
            {
                return 0;
            }

            if (connection.ShutdownReason is null)
            {
                connection.Facts.OnEnding(ConnectionEnd.PeerClosed);
                if (logger.IsEnabled(LogLevel.Debug))
                {
                    EpollTransportLog.ConnectionReadFin(logger, connection.ConnectionId);
                }
            }

            return null;
        }

        input.Advance(received);
        send.OnReceived();
        LookAhead(received == buffer.Length, edge);
        return received;
    }

    /// <summary>
    /// After a receive: is the socket drained, and how much may the next receive find? A short read of a TCP socket means drained
    /// (epoll(7)), unless a lasting flag was seen. On a unix socket control messages make short reads, so the kernel is asked. The size of
    /// the next buffer follows from what is there, never from what was: an idle connection holds no large array.
    /// </summary>
    private void LookAhead(bool filled, int edge)
    {
        _bufferSize = MinBufferSize;
        if (_mustReadToEnd || (!filled && !isUnix))
        {
            if (!_mustReadToEnd)
            {
                _readable.Clear(edge);
            }

            return;
        }

        SysResult available = kernel.Available(connection.Descriptor.Number);
        if (available.IsOk && available.Value == 0)
        {
            _readable.Clear(edge);
        }
        else if (available.IsOk)
        {
            _bufferSize = Math.Clamp(available.Value, MinBufferSize, MaxBufferSize);
        }
    }

    private async ValueTask<FlushResult> PauseAsync(ValueTask<FlushResult> flush)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            EpollTransportLog.ConnectionPause(logger, connection.ConnectionId);
        }

        connection.Facts.OnReadingPaused();
        FlushResult result;
        try
        {
            result = await flush;
        }
        finally
        {
            connection.Facts.OnReadingResumed();
        }

        if (logger.IsEnabled(LogLevel.Debug))
        {
            EpollTransportLog.ConnectionResume(logger, connection.ConnectionId);
        }

        return result;
    }
}
