using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class CallbackRecordTests
{
    private readonly CallbackRecord _record = new();

    [Fact]
    public void New_Always_IsOnTheLoopAndNotKnownAsQuick()
    {
        Assert.False(_record.IsOnPool);
        Assert.False(_record.IsQuick);
        _record.OnQuick();
        Assert.True(_record.IsQuick);
    }

    [Fact]
    public void TryMoveToPool_Twice_MovesOnce()
    {
        _record.OnQuick();

        Assert.True(_record.TryMoveToPool());
        Assert.False(_record.TryMoveToPool());

        Assert.True(_record.IsOnPool);
        Assert.False(_record.IsQuick);
    }

    [Fact]
    public void TryMoveToLoop_EnoughQuickOnesInARow_Moves()
    {
        _record.TryMoveToPool();
        Assert.False(_record.TryMoveToLoop(quick: true, enough: 3));
        Assert.False(_record.TryMoveToLoop(quick: true, enough: 3));
        Assert.False(_record.TryMoveToLoop(quick: false, enough: 3)); // the count begins anew
        Assert.False(_record.TryMoveToLoop(quick: true, enough: 3));
        Assert.False(_record.TryMoveToLoop(quick: true, enough: 3));
        Assert.True(_record.TryMoveToLoop(quick: true, enough: 3));

        Assert.False(_record.IsOnPool);
        Assert.True(_record.IsQuick);
        Assert.False(_record.TryMoveToLoop(quick: true, enough: 1));
    }

    [Fact]
    public async Task TryMoveToLoop_FromFourThreads_MovesOnce()
    {
        for (int round = 0; round < 200; round++)
        {
            CallbackRecord record = new();
            record.TryMoveToPool();
            using Barrier together = new(4);
            int moves = 0;
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait(Waiting.Limit);
                while (record.IsOnPool)
                {
                    if (record.TryMoveToLoop(quick: true, enough: 20))
                    {
                        Interlocked.Increment(ref moves);
                    }
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).WithTimeout();

            Assert.Equal(1, moves);
        }
    }
}
