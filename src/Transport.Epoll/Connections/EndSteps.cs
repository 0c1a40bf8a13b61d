using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;

namespace Transport.Epoll.Connections;

/// <summary>
/// Runs the steps by which a connection, a listener or a group ends. Each is taken whatever the one before it threw: an exception between two of them would leave
/// a descriptor open, or whoever disposes the connection waiting for ever.
/// </summary>
/// <remarks>Any thread: no state.</remarks>
internal static class EndSteps
{
    /// <summary>
    /// Takes one step. An interruption (<see cref="Thread.Interrupt"/>) that application code left on the thread shows in the first lock that is
    /// contended, before the step has changed anything, and is used up by that: the step is tried again.
    /// </summary>
    public static void Run<T>(T state, Action<T> step, ILogger logger)
    {
        while (true)
        {
            try
            {
                step(state);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
#pragma warning disable CA1031 // The steps after this one must be taken; what it was is logged.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Report(exception, logger);
                return;
            }
        }
    }

    private static void Report(Exception exception, ILogger logger)
    {
        try
        {
            EpollTransportLog.LoopItemFailed(logger, exception);
        }
#pragma warning disable CA1031 // Nobody is left to be told.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
