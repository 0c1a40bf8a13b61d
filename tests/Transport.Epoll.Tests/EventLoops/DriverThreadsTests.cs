using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class DriverThreadsTests
{
    /// <summary>
    /// What a callback leaves on its thread shows in the thread's next wait: here often that for the lock of the standbys, which two others want all the while. An
    /// exception from there would end the process.
    /// </summary>
    [Fact]
    public void Run_WorkLeavesAnInterruptAndTheLockIsContended_ThreadIsAStandbyAgain()
    {
        const int Loans = 2_000;
        DriverThreads threads = new(loops: 1, maxStandbys: 4, maxLent: 1, Waiting.Limit);
        using CancellationTokenSource end = new();
        Thread[] others = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                if (threads.TryReserve() is { } standby)
                {
                    threads.Return(standby);
                }
            }
        }) { IsBackground = true })];
        foreach (Thread other in others)
        {
            other.Start();
        }

        int ran = 0;
        try
        {
            for (int i = 0; i < Loans; i++)
            {
                Assert.True(SpinWait.SpinUntil(() => threads.TryLend(LeaveAnInterrupt), Waiting.Limit), $"Loan {i}: none comes back.");
            }
        }
        finally
        {
            end.Cancel();
        }

        Assert.All(others, other => other.JoinWithTimeout());
        Assert.True(SpinWait.SpinUntil(() => threads.TryLend(() => { }), Waiting.Limit));
        Assert.Equal(Loans, Volatile.Read(ref ran));
        threads.Close();

        void LeaveAnInterrupt()
        {
            Interlocked.Increment(ref ran);
            Thread.CurrentThread.Interrupt();
        }
    }
}
