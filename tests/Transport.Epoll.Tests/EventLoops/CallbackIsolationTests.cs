using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class CallbackIsolationTests
{
    private const string Name = "isolated";

    private static readonly AsyncLocal<int> Local = new();

    [Fact]
    public async Task Restore_CleanThread_ChangesNothing()
    {
        ExecutionContext? before = null;
        ExecutionContext? after = null;
        await OnNewThreadAsync(() =>
        {
            before = ExecutionContext.Capture();
            CallbackIsolation.Restore(Name);
            after = ExecutionContext.Capture();
        });

        Assert.NotNull(before);
        Assert.Same(before, after);
    }

    [Fact]
    public async Task Restore_SoiledThread_TellsTheAsyncLocals()
    {
        List<(int Before, int After)> changes = [];
        AsyncLocal<int> told = new(change => changes.Add((change.PreviousValue, change.CurrentValue)));
        await OnNewThreadAsync(() =>
        {
            told.Value = 5;
            CallbackIsolation.Restore(Name);
        });

        Assert.Equal([(0, 5), (5, 0)], changes);
    }

    [Fact]
    public async Task Restore_FlowSuppressed_RestoresFlowAndValues()
    {
        bool suppressed = true;
        int value = -1;
        await OnNewThreadAsync(() =>
        {
            Local.Value = 5;
            ExecutionContext.SuppressFlow();
            CallbackIsolation.Restore(Name);
            suppressed = ExecutionContext.IsFlowSuppressed();
            value = Local.Value;
        });

        Assert.False(suppressed);
        Assert.Equal(0, value);
    }

    private static async Task OnNewThreadAsync(Action action)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            CallbackIsolation.OnNewThread();
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        })
        {
            IsBackground = true,
            Name = Name,
        };
        thread.UnsafeStart();
        await done.Task.WithTimeout();
    }
}
