using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

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
        Assert.False(_record.TryMoveToLoop(quick: true, firstPrice: 3));
        Assert.False(_record.TryMoveToLoop(quick: true, firstPrice: 3));
        Assert.False(_record.TryMoveToLoop(quick: false, firstPrice: 3)); // the count begins anew
        Assert.False(_record.TryMoveToLoop(quick: true, firstPrice: 3));
        Assert.False(_record.TryMoveToLoop(quick: true, firstPrice: 3));
        Assert.True(_record.TryMoveToLoop(quick: true, firstPrice: 3));

        Assert.False(_record.IsOnPool);
        Assert.True(_record.IsQuick);
        Assert.False(_record.TryMoveToLoop(quick: true, firstPrice: 1));
    }

    /// <summary>Else a connection that blocks once in so many callbacks would hold up its loop each time, for ever.</summary>
    [Fact]
    public void TryMoveToPool_SoonAfterAReturn_DoublesThePriceUpToALimit()
    {
        foreach (int price in (int[])[3, 6, 12, 24, 48, 96, 192, 192])
        {
            Assert.True(_record.TryMoveToPool());
            Assert.Equal(price, Return(3));
        }
    }

    [Fact]
    public void TryMoveToPool_AfterAReturnThatPaid_HalvesThePrice()
    {
        foreach (int price in (int[])[3, 6, 12])
        {
            _record.TryMoveToPool();
            Assert.Equal(price, Return(3));
        }

        RunOnLoop((12 * 20) - 1);
        _record.TryMoveToPool();
        Assert.Equal(24, Return(3));
        foreach (int price in (int[])[12, 6, 3, 3])
        {
            RunOnLoop(24 * 20);
            _record.TryMoveToPool();
            Assert.Equal(price, Return(3));
        }
    }

    [Fact]
    public void StartOnPool_QuickAllTheTime_IsOnItsLoopAfterSix()
    {
        Assert.True(_record.IsUnknown);
        _record.StartOnPool();

        Assert.True(_record.IsOnPool);
        Assert.False(_record.IsUnknown);
        Assert.Equal(6, Return(50));
        Assert.True(_record.IsQuick);
        Assert.False(_record.IsNewOnLoop);

        // Without a standby in reserve its callbacks run on the pool again: that is no trial.
        Assert.False(_record.IsOnTrial);
        Assert.False(_record.TryFailTrial());
    }

    [Fact]
    public void StartOnPool_SlowThere_PaysLikeAnySlowOne()
    {
        _record.StartOnPool();
        Assert.True(_record.TryFailTrial());
        Assert.False(_record.TryFailTrial());

        Assert.Equal(50, Return(50));
    }

    [Fact]
    public void StartOnPool_SlowOnItsLoopLater_PaysLikeAnySlowOne()
    {
        _record.StartOnPool();
        Return(50);
        RunOnLoop(6 * 20);
        Assert.True(_record.TryMoveToPool());

        Assert.Equal(50, Return(50));
    }

    [Fact]
    public void IsNewOnLoop_ForSixCallbacks_UnlessItWasSlow()
    {
        RunOnLoop(5);
        Assert.True(_record.IsNewOnLoop);
        RunOnLoop(1);
        Assert.False(_record.IsNewOnLoop);

        CallbackRecord slow = new();
        slow.TryMoveToPool();
        Assert.False(slow.IsNewOnLoop);
        slow.TryMoveToLoop(quick: true, firstPrice: 1);
        Assert.False(slow.IsNewOnLoop);
    }

    /// <summary>One in a hundred is slow: with a fixed price it would be on its loop at more than half of them.</summary>
    [Theory]
    [InlineData(100, 2, 100)]
    [InlineData(10_000, 10, 50)]
    public void Callbacks_OneInSoManyIsSlow_MeetsItsLoopSeldom(int oneIn, int meetings, int price)
    {
        const int Callbacks = 100_000;
        int slowOnLoop = 0;
        for (int i = 1; i <= Callbacks; i++)
        {
            bool quick = i % oneIn != 0;
            if (_record.IsOnPool)
            {
                _record.TryMoveToLoop(quick, firstPrice: 50);
            }
            else if (quick)
            {
                _record.OnQuick();
            }
            else if (_record.TryMoveToPool())
            {
                slowOnLoop++;
            }
        }

        Assert.Equal((meetings, price), (slowOnLoop, _record.Price(50)));
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
                    if (record.TryMoveToLoop(quick: true, firstPrice: 20))
                    {
                        Interlocked.Increment(ref moves);
                    }
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).WithTimeout();

            Assert.Equal(1, moves);
        }
    }

    private void RunOnLoop(int callbacks)
    {
        for (int i = 0; i < callbacks; i++)
        {
            _record.OnQuick();
        }
    }

    /// <summary>Runs quick callbacks on the pool until the connection is back on its loop; the result is how many.</summary>
    private int Return(int firstPrice)
    {
        int callbacks = 1;
        while (!_record.TryMoveToLoop(quick: true, firstPrice))
        {
            callbacks++;
        }

        return callbacks;
    }
}
