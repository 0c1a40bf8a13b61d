using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>Where callbacks of new connections run after one of them was slow: clients that open a connection for each blocking request would else hold up a loop each time.</summary>
public sealed class NewConnectionTests : IDisposable
{
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(2);

    private readonly AutoLoops _loops = new(times: AutoLoops.Times with { SlowCallback = s_slow });

    [Fact]
    public async Task Callback_NoneWasSlow_RunsOnTheLoop() => Assert.True(await RunsOnLoopAsync(new RecordingItemOwner(isNew: true)));

    [Fact]
    public async Task Callback_AnotherNewOneWasSlow_RunsOnThePoolForTenSeconds()
    {
        BeSlow(new RecordingItemOwner(isNew: true));
        Assert.False(await RunsOnLoopAsync(new RecordingItemOwner(isNew: true)));

        _loops.ClockAhead = TimeSpan.FromSeconds(10);
        Assert.True(await RunsOnLoopAsync(new RecordingItemOwner(isNew: true)));
    }

    /// <summary>One that is known stays where it is.</summary>
    [Fact]
    public async Task Callback_OfAConnectionThatWasQuick_RunsOnTheLoop()
    {
        RecordingItemOwner known = new(isNew: true);
        Assert.True(await RunsOnLoopAsync(known));
        BeSlow(new RecordingItemOwner(isNew: true));

        Assert.True(await RunsOnLoopAsync(known));
    }

    /// <summary>That one old connection is slow says nothing of new ones.</summary>
    [Fact]
    public async Task Callback_AnOldOneWasSlow_RunsOnTheLoop()
    {
        RecordingItemOwner old = new(isNew: true);
        for (int i = 0; i < 6; i++)
        {
            Assert.True(await RunsOnLoopAsync(old));
        }

        BeSlow(old);

        Assert.True(await RunsOnLoopAsync(new RecordingItemOwner(isNew: true)));
    }

    [Fact]
    public async Task Callbacks_QuickOnTrial_RunOnTheLoopAfterSixAndAreNoMoves()
    {
        BeSlow(new RecordingItemOwner(isNew: true));
        RecordingItemOwner quick = new(isNew: true);
        for (int i = 0; i < 6; i++)
        {
            Assert.False(await RunsOnLoopAsync(quick));
        }

        await Waiting.UntilAsync(() => !quick.Callbacks.IsOnPool); // the pool counts after the callback
        Assert.True(await RunsOnLoopAsync(quick));
        Assert.Equal((1, 0), (_loops.Counters.MovesToPool, _loops.Counters.MovesToLoop));
    }

    /// <summary>As long as some are slow, all are tried.</summary>
    [Fact]
    public async Task Callback_OneOnTrialWasSlow_TheTenSecondsBeginAnew()
    {
        BeSlow(new RecordingItemOwner(isNew: true));
        _loops.ClockAhead = TimeSpan.FromSeconds(9);
        RecordingItemOwner slow = new(isNew: true);
        Assert.False(await RunsOnLoopAsync(slow));
        _loops.Auto.RecordOnPool(slow, quick: false, s_slow);
        _loops.ClockAhead = TimeSpan.FromSeconds(18);

        Assert.False(await RunsOnLoopAsync(new RecordingItemOwner(isNew: true)));
        Assert.Equal(2, _loops.Counters.MovesToPool);
    }

    /// <summary>A connection for each request, of which one in thousands is slow by chance, as under full load.</summary>
    [Theory]
    [InlineData(99, false)]
    [InlineData(100, true)]
    public async Task Callback_SoManyOnTrialWereQuick_RunsOnTheLoop(int quick, bool onLoop)
    {
        BeSlow(new RecordingItemOwner(isNew: true));
        for (int i = 0; i < quick; i++)
        {
            RecordingItemOwner owner = new(isNew: true);
            owner.Callbacks.StartOnPool();
            _loops.Auto.RecordOnPool(owner, quick: true, TimeSpan.Zero);
        }

        Assert.Equal(onLoop, await RunsOnLoopAsync(new RecordingItemOwner(isNew: true)));
    }

    [Fact]
    public async Task Callback_ANewOneWasTakenOver_RunsOnThePool()
    {
        using BlockedCallback blocked = new() { Owner = new RecordingItemOwner(isNew: true) };
        await blocked.StartAsync(_loops.Loop);
        _loops.TickThrice();
        Assert.Equal(1, _loops.Counters.TakeOvers);

        Assert.False(await RunsOnLoopAsync(new RecordingItemOwner(isNew: true)));
        await blocked.EndAsync();
    }

    public void Dispose() => _loops.Dispose();

    /// <summary>A callback of the connection was slow on its loop; called where no callback runs.</summary>
    private void BeSlow(RecordingItemOwner owner) => _loops.Auto.MoveToPool(owner, s_slow);

    private async Task<bool> RunsOnLoopAsync(RecordingItemOwner owner)
        => await owner.RunAsync(_loops.Loop, () => _loops.Loop.IsDrivenHere);
}
