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
        await RunQuickAsync(20 * 2);

        Assert.False(await MovesAsync(() => Thread.CurrentThread.Join(2 * Slow)));
        Assert.True(await MovesAsync(() => Thread.CurrentThread.Join(2 * Slow)));
    }

    [Fact]
    public async Task RunTurn_SlowCallbackAfterFewQuickOnes_Moves()
    {
        await RunQuickAsync((20 * 2) - 1);

        Assert.True(await MovesAsync(() => Thread.CurrentThread.Join(2 * Slow)));
    }

    [Fact]
    public async Task RunTurn_VerySlowCallbackAfterManyQuickOnes_Moves()
    {
        await RunQuickAsync(20 * 2);

        Assert.True(await MovesAsync(() => Thread.CurrentThread.Join(11 * Slow)));
    }

    public void Dispose() => _loops.Dispose();

    private async Task RunQuickAsync(int callbacks)
    {
        for (int i = 0; i < callbacks; i++)
        {
            await _owner.RunAsync(_loops.Loop, () => 0);
        }
    }

    /// <summary>Runs a callback; whether it moved its connection to the pool.</summary>
    private async Task<bool> MovesAsync(Func<bool> callback)
    {
        await _owner.RunAsync(_loops.Loop, callback);
        await AutoLoops.RunAsync(_loops.Loop, () => 0);
        return _owner.Callbacks.IsOnPool;
    }
}
