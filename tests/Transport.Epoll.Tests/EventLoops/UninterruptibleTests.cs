using System.Collections.Concurrent;
using System.Reflection;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>A thread that was interrupted has to wait: for a lock, or for the one within a queue, whose segment of 32 items is full. The thread pool's own queue is of the same class.</summary>
public class UninterruptibleTests
{
    private const int Segment = 32;

    [Fact]
    public void Enter_ThreadWasInterrupted_WaitsAllTheSame()
    {
        object gate = new();
        bool entered = false;

        WhileHeld(gate, () =>
        {
            Uninterruptible.Enter(gate);
            entered = true;
            Monitor.Exit(gate);
        });

        Assert.True(entered);
    }

    [Fact]
    public void Enqueue_ThreadWasInterrupted_LosesNothing()
    {
        ConcurrentQueue<int> queue = new(Enumerable.Range(0, Segment));

        WhileHeld(LockOf(queue), () => Uninterruptible.Enqueue(queue, Segment));

        Assert.Equal(Enumerable.Range(0, Segment + 1), queue);
    }

    [Fact]
    public void TryDequeue_ThreadWasInterrupted_LosesNothing()
    {
        ConcurrentQueue<int> queue = new(Enumerable.Range(0, Segment));
        queue.Enqueue(Segment); // in the next segment
        for (int i = 0; i < Segment; i++)
        {
            Assert.True(queue.TryDequeue(out _));
        }

        int item = 0;

        WhileHeld(LockOf(queue), () => Assert.True(Uninterruptible.TryDequeue(queue, out item)));

        Assert.Equal(Segment, item);
    }

    [Fact]
    public void Read_ThreadWasInterrupted_ReadsAllTheSame()
    {
        object gate = new();
        int read = 0;

        WhileHeld(gate, () => read = Uninterruptible.Read(() =>
        {
            lock (gate)
            {
                return 1;
            }
        }));

        Assert.Equal(1, read);
    }

    private static object LockOf(ConcurrentQueue<int> queue)
        => typeof(ConcurrentQueue<int>).GetField("_crossSegmentLock", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(queue)!;

    /// <summary>Runs an action on a thread that was interrupted, and lets go of the lock once the thread waits without that.</summary>
    private static void WhileHeld(object gate, Action action)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            Thread.CurrentThread.Interrupt();
            failure = Record.Exception(action);
        })
        {
            IsBackground = true,
        };
        lock (gate)
        {
            thread.Start();
            Assert.True(SpinWait.SpinUntil(() => !thread.IsAlive || thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Waiting.Limit));
        }

        thread.JoinWithTimeout();
        Assert.Null(failure);
    }
}
