using Microsoft.Extensions.Logging;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.Connections;

/// <summary>A close that blocks until the peer has all, or the time is up (socket(7), SO_LINGER): on a thread of its own, or of the pool if none can be had.</summary>
/// <remarks>Any thread.</remarks>
internal static class LingeringClose
{
    private static readonly ThreadStarter s_threads = new();

    /// <summary>False for want of memory: then it is the caller's.</summary>
    public static bool TryBegin(Action close, ILogger logger)
    {
        bool begins = false;
        EndSteps.Run(close, close =>
        {
            if (!s_threads.TryStart("epoll-linger", close))
            {
                Uninterruptible.QueueToPool(static state => ((Action)state!)(), close);
            }

            begins = true;
        }, logger);
        return begins;
    }
}
