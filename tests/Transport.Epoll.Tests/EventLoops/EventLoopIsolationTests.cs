using System.Globalization;

namespace Transport.Epoll.Tests.EventLoops;

public sealed class EventLoopIsolationTests : IDisposable
{
    private static readonly AsyncLocal<string?> Local = new();

    private readonly TestLoop _test = new();
    private readonly RecordingItemOwner _owner = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Start_CallerHasAsyncLocals_TheLoopHasNone()
    {
        Local.Value = "caller";
        using TestLoop test = new();

        Assert.Null(await test.RunAsync(() => Local.Value));
        Assert.Null(await _owner.RunAsync(test.Loop, () => Local.Value));
    }

    [Fact]
    public async Task ApplicationItem_LeavesAnAsyncLocal_IsGoneForTheNext()
    {
        await _owner.RunAsync(_test.Loop, () => Local.Value = "left behind");

        Assert.Null(await _owner.RunAsync(_test.Loop, () => Local.Value));
        Assert.Null(await _test.RunAsync(() => Local.Value));
    }

    [Fact]
    public async Task ApplicationItem_LeavesACulture_IsGoneForTheNext()
    {
        CultureInfo before = await _owner.RunAsync(_test.Loop, () => CultureInfo.CurrentCulture);
        await _owner.RunAsync(_test.Loop, () =>
        {
            CultureInfo.CurrentCulture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture;
            return 0;
        });

        Assert.Same(before, await _owner.RunAsync(_test.Loop, () => CultureInfo.CurrentCulture));
        Assert.Same(before, await _owner.RunAsync(_test.Loop, () => CultureInfo.CurrentUICulture));
    }

    [Fact]
    public async Task ApplicationItem_LeavesASynchronizationContext_IsGoneForTheNext()
    {
        await _owner.RunAsync(_test.Loop, () =>
        {
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
            return 0;
        });

        Assert.Null(await _owner.RunAsync(_test.Loop, () => SynchronizationContext.Current));
    }

    [Fact]
    public async Task ApplicationItem_LeavesAPriority_IsGoneForTheNext()
    {
        await _owner.RunAsync(_test.Loop, () => Thread.CurrentThread.Priority = ThreadPriority.Lowest);

        Assert.Equal(ThreadPriority.Normal, await _owner.RunAsync(_test.Loop, () => Thread.CurrentThread.Priority));
    }

    /// <summary>A foreground thread keeps the process alive when main returns.</summary>
    [Fact]
    public async Task ApplicationItem_MakesItsThreadAForegroundOne_IsABackgroundOneForTheNext()
    {
        await _owner.RunAsync(_test.Loop, () => Thread.CurrentThread.IsBackground = false);

        Assert.True(await _owner.RunAsync(_test.Loop, () => Thread.CurrentThread.IsBackground));
    }

    [Fact]
    public async Task ApplicationItem_RenamesItsThread_HasItsNameForTheNext()
    {
        await _owner.RunAsync(_test.Loop, () => Thread.CurrentThread.Name = "left behind");

        Assert.Equal(_test.Loop.Name, await _owner.RunAsync(_test.Loop, () => Thread.CurrentThread.Name));
    }

    /// <summary>Looked for since a thread of the process was interrupted for the first time.</summary>
    [Fact]
    public async Task ApplicationItem_LeavesAnInterruption_IsGoneForTheNext()
    {
        Assert.Throws<ThreadInterruptedException>(static () =>
        {
            Thread.CurrentThread.Interrupt();
            Thread.CurrentThread.Join(0);
        });
        await _owner.RunAsync(_test.Loop, () =>
        {
            Thread.CurrentThread.Interrupt();
            return 0;
        });

        Assert.Null(await _owner.RunAsync(_test.Loop, () => Record.Exception(() => Thread.CurrentThread.Join(0))));
    }

    [Fact]
    public async Task ApplicationItem_SuppressesFlow_FlowsForTheNext()
    {
        await _owner.RunAsync(_test.Loop, () =>
        {
            Local.Value = "left behind";
            ExecutionContext.SuppressFlow();
            return 0;
        });

        Assert.False(await _owner.RunAsync(_test.Loop, ExecutionContext.IsFlowSuppressed));
        Assert.Null(await _owner.RunAsync(_test.Loop, () => Local.Value));
    }

    [Fact]
    public async Task ApplicationItem_ThrowsAfterLeavingThings_TheyAreGoneForTheNext()
    {
        _test.Loop.Post(_ =>
        {
            Local.Value = "left behind";
            throw new InvalidOperationException();
        }, null, _owner);

        Assert.Null(await _owner.RunAsync(_test.Loop, () => Local.Value));
    }
}
