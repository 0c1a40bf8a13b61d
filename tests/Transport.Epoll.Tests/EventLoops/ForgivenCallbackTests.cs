using System.Diagnostics;
using System.Linq.Expressions;
using System.Runtime;
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

    /// <summary>A first request, mostly compiled, partly loaded. What compiles anew each time is slow all the same.</summary>
    [Fact]
    public async Task RunTurn_CallbackWarmsUp_IsForgivenAHundredTimes()
    {
        using AutoLoops loops = new(times: AutoLoops.Times with { SlowCallback = TimeSpan.FromMilliseconds(1), QuickCallbacks = 1_000_000 });
        const int Most = 200; // a collection between two callbacks counts for the second, which is not slow then and uses nothing up: on a busy machine more than one does
        _owner.UseUpAllowance();
        int forgiven = 0;
        while (!await MovesAsync(() => loops.CompilationTime += Compile(), loops))
        {
            Assert.InRange(++forgiven, 1, Most);
        }

        Assert.InRange(forgiven, 95, Most); // what the loop itself used for the first time may have taken some
    }

    public void Dispose() => _loops.Dispose();

    /// <summary>Takes until a third of its time was the compiler's, and some of the rest its own; undisturbed half is the compiler's.</summary>
    private static TimeSpan Compile()
    {
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan compiledBefore = JitInfo.GetCompilationTime(currentThread: true);
        TimeSpan collectedBefore = GC.GetTotalPauseDuration();
        TimeSpan compiled;
        TimeSpan own;
        do
        {
            Expression.Lambda<Func<int>>(Expression.Constant(1)).Compile()();
            compiled = JitInfo.GetCompilationTime(currentThread: true) - compiledBefore;
            own = clock.Elapsed - compiled - (GC.GetTotalPauseDuration() - collectedBefore);
        }
        while (3 * compiled < clock.Elapsed || own < TimeSpan.FromMilliseconds(4));
        return compiled;
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
