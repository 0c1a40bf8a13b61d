using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class WorkQueueTests
{
    private static readonly WorkItem Item = new(static _ => { }, null, null);

    private readonly WorkQueue _queue;
    private int _wakes;

    public WorkQueueTests() => _queue = new WorkQueue(() => Interlocked.Increment(ref _wakes));

    [Fact]
    public void Enqueue_LoopAwake_WakesNobody()
    {
        _queue.Enqueue(Item);

        Assert.Equal(0, _wakes);
        Assert.False(_queue.IsEmpty);
    }

    [Fact]
    public void Enqueue_LoopSleeps_OnlyTheFirstWriterWakes()
    {
        Assert.True(_queue.TryEnterSleep());

        _queue.Enqueue(Item);
        _queue.Enqueue(Item);

        Assert.Equal(1, _wakes);
        Assert.False(_queue.IsSleeping);
    }

    [Fact]
    public async Task Enqueue_FourWritersAtOnce_OnlyOneWakes()
    {
        for (int round = 0; round < 200; round++)
        {
            _wakes = 0;
            Assert.True(_queue.TryEnterSleep());

            await TogetherAsync(4, _ => _queue.Enqueue(Item));

            Assert.Equal(1, _wakes);
            Empty();
        }
    }

    [Fact]
    public void TryEnterSleep_ItemCameBefore_StaysAwake()
    {
        _queue.Enqueue(Item);

        Assert.False(_queue.TryEnterSleep());

        _queue.Enqueue(Item);
        Assert.Equal(0, _wakes);
    }

    [Fact]
    public void Enqueue_AfterLeaveSleep_WakesNobody()
    {
        _queue.TryEnterSleep();
        _queue.LeaveSleep();

        _queue.Enqueue(Item);

        Assert.Equal(0, _wakes);
    }

    [Fact]
    public void Enqueue_WhileAnEarlierWakeIsOnItsWay_WakesTheNextSleep()
    {
        // The writer claims the wake; before it signals, the loop notices the item by itself, works and sleeps again.
        WorkQueue queue = null!;
        int wakes = 0;
        queue = new WorkQueue(() =>
        {
            if (Interlocked.Increment(ref wakes) == 1)
            {
                Assert.True(queue.TryDequeue(out _));
                queue.LeaveSleep();
                Assert.True(queue.TryEnterSleep());
                queue.Enqueue(Item);
            }
        });
        Assert.True(queue.TryEnterSleep());

        queue.Enqueue(Item);

        Assert.Equal(2, wakes);
        Assert.False(queue.IsSleeping);
    }

    [Fact]
    public void TryDequeue_ItemsOfOneWriter_KeepTheirOrder()
    {
        for (int i = 0; i < 100; i++)
        {
            _queue.Enqueue(Item with { State = i });
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.True(_queue.TryDequeue(out WorkItem item));
            Assert.Equal(i, item.State);
        }

        Assert.False(_queue.TryDequeue(out _));
    }

    /// <summary>Each round is a few waits of both threads, which take long where other work has the processors.</summary>
    [Fact]
    public async Task TryEnterSleep_RacesWithEnqueue_NoWakeUpIsLost()
    {
        const int Rounds = 20_000;
        int lost = 0;
        bool sleeps = false;
        using Barrier start = new(2);
        using Barrier end = new(2, _ =>
        {
            if (sleeps && Volatile.Read(ref _wakes) == 0)
            {
                lost++;
            }

            _wakes = 0;
            _queue.LeaveSleep();
            Empty();
        });

        await TogetherAsync(2, side =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                start.SignalAndWait(Waiting.Limit);
                Thread.SpinWait(side == 0 ? round % 7 : round % 11);
                if (side == 0)
                {
                    sleeps = _queue.TryEnterSleep();
                }
                else
                {
                    _queue.Enqueue(Item);
                }

                end.SignalAndWait(Waiting.Limit);
            }
        }, 6 * Waiting.Limit);

        Assert.Equal(0, lost);
    }

    private void Empty()
    {
        while (_queue.TryDequeue(out _))
        {
        }
    }

    private static async Task TogetherAsync(int count, Action<int> action, TimeSpan? limit = null)
    {
        using Barrier together = new(count);
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait(Waiting.Limit);
            action(i);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).WithTimeout(limit);
    }
}
