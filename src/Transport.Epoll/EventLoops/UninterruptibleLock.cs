namespace Transport.Epoll.EventLoops;

/// <summary>
/// Enters a lock on a thread that ran callbacks: an interruption (<see cref="Thread.Interrupt"/>) that one left on it shows in the thread's next wait, perhaps
/// this one, and is nobody's business here.
/// </summary>
internal static class UninterruptibleLock
{
    public static void Enter(object gate)
    {
        while (true)
        {
            try
            {
                Monitor.Enter(gate);
                return;
            }
            catch (ThreadInterruptedException)
            {
            }
        }
    }
}
