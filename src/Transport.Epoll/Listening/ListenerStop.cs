using System.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>How a listener's acceptors end: gracefully, so that no client is reset and no request lost, or at once.</summary>
/// <remarks>The stopping thread; one of the two ways, once.</remarks>
internal sealed class ListenerStop(Kernel kernel, Acceptor[] acceptors, FirstReadTracker firstReads)
{
    /// <summary>When to try again what could not be accepted for want of descriptors, which come free as connections close.</summary>
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(5);

    private readonly bool _isOwned = acceptors[0].Socket.IsOwned;

    /// <summary>
    /// (1) Our sockets take no new connection, our unix file is gone; (2) what the kernel has queued is accepted and handed out;
    /// (3) the first bytes of recent connections are consumed, or a bound passes (<see cref="FirstReadTracker"/>); (4) what finished its handshake meanwhile, or could not be
    /// accepted before, is accepted and waited for, within the bound; (5) the sockets close. Sockets handed to us are only let go.
    /// </summary>
    public void Drained()
    {
        try
        {
            StopAcceptors();
            if (_isOwned)
            {
                TakeNoNewConnections();
                Drain();
            }

            long start = Stopwatch.GetTimestamp();
            TimeSpan left;
            DrainResult drained;
            do
            {
                firstReads.Wait();
                drained = _isOwned ? Drain() : DrainResult.WasEmpty;
                if (drained == DrainResult.Held)
                {
                    Thread.Sleep(s_retry);
                }

                left = (drained == DrainResult.Held ? FirstReadTracker.SilentBound : FirstReadTracker.UnreadBound) - Stopwatch.GetElapsedTime(start);
            }
            while (drained != DrainResult.WasEmpty && left > TimeSpan.Zero);
        }
        finally
        {
            CloseSockets();
        }
    }

    /// <summary>The kernel resets what is in its queues.</summary>
    public void AtOnce()
    {
        try
        {
            StopAcceptors();
        }
        finally
        {
            CloseSockets();
        }
    }

    private void StopAcceptors()
    {
        Array.ForEach(acceptors, static acceptor => acceptor.Stop());
        Array.ForEach(acceptors, static acceptor => acceptor.Socket.File?.RemoveIfOurs());
    }

    private void TakeNoNewConnections()
    {
        foreach (Acceptor acceptor in acceptors)
        {
            int descriptor = acceptor.Socket.Descriptor.Number;
            if (acceptor.Socket.IsUnix)
            {
                // connect(2) looks at it under the lock under which it queues: refused, or in the queue, which stays. Without its file alone it could
                // still be reached: by its abstract name, another link, or whoever had looked the path up before.
                kernel.ShutdownBoth(descriptor);
            }
            else
            {
                SocketOptions.DropNewConnections(kernel, descriptor);
            }
        }
    }

    private DrainResult Drain()
    {
        DrainResult most = DrainResult.WasEmpty;
        foreach (Acceptor acceptor in acceptors)
        {
            DrainResult result = acceptor.Drain();
            most = result > most ? result : most;
        }

        return most;
    }

    private void CloseSockets()
    {
        foreach (Acceptor acceptor in acceptors)
        {
            acceptor.Close();
        }
    }
}
