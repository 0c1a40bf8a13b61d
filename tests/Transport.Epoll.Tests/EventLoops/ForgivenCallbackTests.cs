using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>Slow callbacks that leave their connection on the loop. Alone, for a collection that another test causes would excuse some.</summary>
[Collection(RunsAlone.Name)]
public sealed class ForgivenCallbackTests : IDisposable
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

    private readonly AutoLoops _loops = new(times: AutoLoops.Times with { SlowCallback = Slow, QuickCallbacks = 2 });
    private readonly RecordingItemOwner _owner = new();

    /// <summary>A virtual processor that the machine takes away for some milliseconds shows in no figure of the kernel.</summary>
    [Fact]
    public async Task RunTurn_SlowCallbackAfterManyQuickOnes_IsForgivenOnce()
    {
        _owner.UseUpAllowance();
        await RunQuickAsync(20 * 2);

        Assert.False(await MovesAsync(() => Thread.CurrentThread.Join(2 * Slow)));
        Assert.True(await MovesAsync(() => Thread.CurrentThread.Join(2 * Slow)));
    }

    /// <summary>The first requests of a process meet a busy compiler and threads that begin; a connection cannot have shown by then that it is quick.</summary>
    [Fact]
    public async Task RunTurn_NewConnectionIsSlow_IsForgivenOnce()
    {
        Assert.False(await MovesAsync(() => Thread.CurrentThread.Join(2 * Slow)));
        Assert.True(await MovesAsync(() => Thread.CurrentThread.Join(2 * Slow)));
    }

    [Fact]
    public async Task RunTurn_SlowCallbackAfterFewQuickOnes_Moves()
    {
        _owner.UseUpAllowance();
        await RunQuickAsync((20 * 2) - 1);

        Assert.True(await MovesAsync(() => Thread.CurrentThread.Join(2 * Slow)));
    }

    [Fact]
    public async Task RunTurn_NewConnectionIsVerySlow_Moves()
        => Assert.True(await MovesAsync(() => Thread.CurrentThread.Join(11 * Slow)));

    [Fact]
    public async Task RunTurn_VerySlowCallbackAfterManyQuickOnes_Moves()
    {
        await RunQuickAsync(20 * 2);

        Assert.True(await MovesAsync(() => Thread.CurrentThread.Join(11 * Slow)));
    }

    /// <summary>
    /// A first request, mostly compiled, partly loaded. What compiles anew each time is slow all the same. What the compiler took is scripted, as other threads' work: so
    /// it is a large share, however long the machine makes the callback, and allocates nothing, for a collection would excuse one, which then uses nothing up.
    /// </summary>
    [Fact]
    public async Task RunTurn_CallbackWarmsUp_IsForgivenAHundredTimes()
    {
        // Where the callbacks take two seconds, the loop backs off and leaves the next ones to the pool, which uses nothing up either: for no time here.
        using AutoLoops loops = new(times: AutoLoops.Times with { SlowCallback = TimeSpan.FromMilliseconds(1), QuickCallbacks = 1_000_000, BackOff = TimeSpan.Zero });
        _owner.UseUpAllowance();
        int forgiven = 0;
        while (!await MovesAsync(() => Compile(loops), loops))
        {
            Assert.InRange(++forgiven, 1, 100);
        }

        Assert.InRange(forgiven, 95, 100); // what the loop itself used for the first time may have taken some
    }

    [Theory]
    [InlineData(24, false)]
    [InlineData(25, false)]
    [InlineData(26, true)]
    [InlineData(200, true)] // by two threads
    public void IsMuch_ShareOfTheCompiler_IsMoreThanAQuarter(int milliseconds, bool much)
        => Assert.Equal(much, LostTime.IsMuch(TimeSpan.FromMilliseconds(milliseconds), TimeSpan.FromMilliseconds(100)));

    public void Dispose() => _loops.Dispose();

    private static bool Compile(AutoLoops loops)
    {
        loops.CompilationTime += Waiting.Limit;
        return Thread.CurrentThread.Join(TimeSpan.FromMilliseconds(10));
    }

    private async Task RunQuickAsync(int callbacks)
    {
        for (int i = 0; i < callbacks; i++)
        {
            await _owner.RunAsync(_loops.Loop, () => 0);
        }
    }

    /// <summary>Runs a callback; whether it moved its connection to the pool.</summary>
    private Task<bool> MovesAsync(Func<bool> callback) => MovesAsync(callback, _loops);

    private async Task<bool> MovesAsync<T>(Func<T> callback, AutoLoops loops)
    {
        await _owner.RunAsync(loops.Loop, callback);
        await AutoLoops.RunAsync(loops.Loop, () => 0);
        return _owner.Callbacks.IsOnPool;
    }
}
