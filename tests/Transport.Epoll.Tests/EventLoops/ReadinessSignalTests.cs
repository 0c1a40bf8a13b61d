using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class ReadinessSignalTests
{
    private readonly ReadinessSignal _signal = new(ready: false);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void IsCompleted_New_IsAsTold(bool ready) => Assert.Equal(ready, new ReadinessSignal(ready).IsCompleted);

    [Fact]
    public void Clear_OfTheLastEdge_IsNotReady()
    {
        _signal.Set();

        _signal.Clear(_signal.Edge);

        Assert.False(_signal.IsCompleted);
    }

    [Fact]
    public void Clear_EdgeBetweenCallAndClear_StaysReady()
    {
        _signal.Set();
        int seen = _signal.Edge;
        _signal.Set(); // after the call that would block, before its clear

        _signal.Clear(seen);

        Assert.True(_signal.IsCompleted);
        _signal.Clear(_signal.Edge);
        Assert.False(_signal.IsCompleted);
    }

    [Fact]
    public void Clear_EdgeWhileNotReady_IsPutBack()
    {
        int seen = _signal.Edge;
        _signal.Set();
        _signal.Clear(_signal.Edge);

        _signal.Clear(seen); // names an edge before the one that was wiped out

        Assert.True(_signal.IsCompleted);
    }

    [Fact]
    public void Set_SomebodyWaits_ResumesOnceOnTheSettersStack()
    {
        int resumed = 0;
        _signal.UnsafeOnCompleted(() => resumed++);

        _signal.Set();
        _signal.Set();

        Assert.Equal(1, resumed);
        Assert.True(_signal.IsCompleted);
    }

    [Fact]
    public void OnCompleted_BecameReadyMeanwhile_ResumesAtOnce()
    {
        int resumed = 0;
        Assert.False(_signal.IsCompleted);
        _signal.Set(); // between the awaiter's question and its registration

        _signal.OnCompleted(() => resumed++);
        _signal.Set();

        Assert.Equal(1, resumed);
    }

    [Fact]
    public void Set_WaiterClearsAndWaitsAgain_ResumesWithTheNextEdge()
    {
        int resumed = 0;
        void Resume()
        {
            if (++resumed < 3)
            {
                _signal.Clear(_signal.Edge);
                _signal.UnsafeOnCompleted(Resume);
            }
        }

        _signal.UnsafeOnCompleted(Resume);

        _signal.Set();
        Assert.Equal(1, resumed);
        _signal.Set();
        Assert.Equal(2, resumed);
    }

    [Fact]
    public async Task Set_RacesWithClearAndAwait_NoEdgeIsLost()
    {
        const int Edges = 100_000;
        int produced = 0;
        int consumed = 0;
        Task pump = Task.Run(async () =>
        {
            while (consumed < Edges)
            {
                if (!_signal.IsCompleted)
                {
                    await _signal;
                }

                int edge = _signal.Edge;
                int there = Volatile.Read(ref produced);
                if (there == consumed)
                {
                    _signal.Clear(edge);
                }

                consumed = there;
            }
        });
        Task setter = Task.Factory.StartNew(() =>
        {
            for (int i = 1; i <= Edges; i++)
            {
                Volatile.Write(ref produced, i);
                _signal.Set();
                Thread.SpinWait(i % 13);
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        await Task.WhenAll(pump, setter).WithTimeout();
        Assert.Equal(Edges, consumed);
    }
}
