using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Connections;

/// <summary>What all connections of a factory have in common.</summary>
/// <remarks>Any thread: immutable.</remarks>
/// <param name="Kernel">The system calls.</param>
/// <param name="Pool">The pool of the pipes' buffers.</param>
/// <param name="Logger">A logger that a loop thread may use.</param>
/// <param name="Inline">Whether application callbacks run on the loop.</param>
/// <param name="NoDelay">Whether TCP connections of inherited listeners get TCP_NODELAY.</param>
/// <param name="MaxReadBufferSize">In bytes; 0 for no limit.</param>
/// <param name="MaxWriteBufferSize">In bytes; 0 for no limit.</param>
/// <param name="FinOnError">Whether an abort sends FIN rather than RST.</param>
internal sealed record ConnectionSettings(
    Kernel Kernel, MemoryPool<byte> Pool, ILogger Logger, bool Inline, bool NoDelay, long MaxReadBufferSize, long MaxWriteBufferSize, bool FinOnError)
{
    /// <summary>Where listeners and loops can be seen.</summary>
    public TransportObservation Observation { get; init; } = new(string.Empty, new SchedulingCounters());

    /// <summary>What <c>UseHttps</c> takes its buffers from; <see langword="null"/> for the pool, as everybody else.</summary>
    public RecordBlocks? RecordBlocks { get; init; }

    /// <summary>The pipe from the socket to the application: the receiver writes on its loop.</summary>
    public PipeOptions InputOptions(EventLoop loop, PipeScheduler application)
        => new(Pool, application, loop.Scheduler, MaxReadBufferSize, MaxReadBufferSize / 2, useSynchronizationContext: false);

    /// <summary>The pipe from the application to the socket: the sender reads where the send scheduler says.</summary>
    public PipeOptions OutputOptions(SendScheduler send, PipeScheduler application)
        => new(Pool, send, application, MaxWriteBufferSize, MaxWriteBufferSize / 2, useSynchronizationContext: false);
}
