using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

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

    /// <summary>One waits, one is reserved and given back later, one is lent, one has only just been started.</summary>
    [Fact]
    public async Task Close_StandbysDoThisAndThat_AllEnd()
    {
        ThreadScript script = new();
        DriverThreads threads = new(loops: 1, maxStandbys: 3, maxLent: 1, Waiting.Limit, script.CreateStarter());
        using ManualResetEventSlim gate = new();
        TaskCompletionSource lent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(threads.TryLend(() =>
        {
            lent.SetResult();
            gate.Wait(Waiting.Limit);
        }));
        await lent.Task.WithTimeout();
        Standby reserved = threads.TryReserve()!;
        script.HoldsBack = true;
        Standby started = threads.TryReserve()!;
        Assert.Equal(4, script.Tries);

        threads.Close();
        threads.Return(reserved);
        threads.Return(started);
        gate.Set();
        script.LetRun();

        Assert.All(script.Standbys, thread => thread.JoinWithTimeout());
    }

    /// <summary>Each wake-up of one used to begin the idle time of all others anew.</summary>
    [Fact]
    public async Task Standby_IdleWhileAnotherIsUsedAgainAndAgain_Ends()
    {
        ThreadScript script = new();
        DriverThreads threads = new(loops: 1, maxStandbys: 4, maxLent: 0, TimeSpan.FromMilliseconds(100), script.CreateStarter());
        Standby[] all = [threads.TryReserve()!, threads.TryReserve()!, threads.TryReserve()!];
        Array.ForEach(all, threads.Return);
        Assert.Equal(4, threads.Parked);

        await Waiting.UntilAsync(() =>
        {
            threads.Return(threads.TryReserve()!);
            return script.Standbys.Count(thread => thread.IsAlive) == 2; // the reserve, and the one that is used
        });
        threads.Close();
    }

    /// <summary>A log is user code, and may wait for whatever it likes: neither who starts a standby nor one that ends, under the lock of all, asks it anything.</summary>
    [Fact]
    public async Task Standby_StartsAndEndsWhileTheLogWaits_OthersAreGivenWorkMeanwhile()
    {
        using ManualResetEventSlim gate = new();
        HookedLogger logger = new(NullLogger.Instance) { Asked = () => gate.Wait(Waiting.Limit) };
        ThreadScript script = new();
        SchedulingCounters counters = new(new OffLoopLogger(logger));
        bool isFree = false;
        Thread user = new(() =>
        {
            DriverThreads threads = new(loops: 1, maxStandbys: 4, maxLent: 0, TimeSpan.FromMilliseconds(50), script.CreateStarter(), counters);
            threads.Return(threads.TryReserve()!); // one more than the reserve: it ends
            isFree = SpinWait.SpinUntil(() => counters.ThreadsEnded == 1, Waiting.Limit / 2);
            threads.Return(threads.TryReserve()!);
            threads.Close();
        })
        {
            IsBackground = true,
        };

        user.Start();

        user.JoinWithTimeout();
        Assert.True(isFree);
        Assert.All(script.Standbys, thread => thread.JoinWithTimeout());
        gate.Set();
    }
}
