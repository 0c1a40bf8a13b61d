namespace Transport.Epoll.MicroBench.Support;

/// <summary>Waits for another thread, but not for ever. A wait for a counter does not sleep, which would cost more than what is measured.</summary>
internal static class Waiting
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>Until a counter that others raise has reached <paramref name="target"/>.</summary>
    public static void UntilReached(ref int counter, int target)
    {
        SpinWait spin = default;
        long start = Environment.TickCount64;
        while (Volatile.Read(ref counter) - target < 0)
        {
            SpinOnce(ref spin, start);
        }
    }

    /// <summary>One step of a wait that began at <paramref name="start"/>. It gives up the processor now and then: there may be only one.</summary>
    public static void SpinOnce(ref SpinWait spin, long start)
    {
        spin.SpinOnce(sleep1Threshold: -1);
        if (Environment.TickCount64 - start > s_limit.TotalMilliseconds)
        {
            throw new TimeoutException("What the benchmark waits for has not come.");
        }
    }

    /// <summary>Until the gate is open.</summary>
    public static void Until(Gate gate)
    {
        if (!gate.TryPass(s_limit))
        {
            throw new TimeoutException("What the benchmark waits for has not come.");
        }
    }
}
