using Transport.Epoll.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Native;

public class FileDescriptorTests
{
    private const int Number = 1_000_000;

    private readonly ScriptedKernel _kernel = new();

    public FileDescriptorTests() => _kernel.OnClose.Return(0);

    [Fact]
    public void Dispose_Twice_ClosesOnce()
    {
        FileDescriptor descriptor = new(_kernel, Number);

        descriptor.Dispose();
        descriptor.Dispose();

        Assert.Equal([Number], _kernel.Closed);
    }

    [Fact]
    public async Task Dispose_FromEightThreads_ClosesOnce()
    {
        FileDescriptor descriptor = new(_kernel, Number);
        using Barrier together = new(8);

        Task[] tasks = [.. Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait(Waiting.Limit);
            descriptor.Dispose();
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];

        await Task.WhenAll(tasks).WithTimeout();
        Assert.Equal([Number], _kernel.Closed);
    }

    [Fact]
    public void Dispose_WhileBorrowed_ClosesAtTheReturn()
    {
        FileDescriptor descriptor = new(_kernel, Number);
        Assert.True(descriptor.TryBorrow());
        Assert.True(descriptor.TryBorrow());

        descriptor.Dispose();
        descriptor.Return();

        Assert.Empty(_kernel.Closed);
        descriptor.Return();
        Assert.Equal([Number], _kernel.Closed);
    }

    [Fact]
    public void TryBorrow_Disposed_False()
    {
        FileDescriptor descriptor = new(_kernel, Number);
        descriptor.Dispose();

        Assert.False(descriptor.TryBorrow());
    }

    [Fact]
    public void TryBorrow_CloseWaitsForAnotherBorrower_DefersItFurther()
    {
        FileDescriptor descriptor = new(_kernel, Number);
        descriptor.TryBorrow();
        descriptor.Dispose();

        bool borrowed = descriptor.TryBorrow();
        descriptor.Return();
        int closedWhileBorrowed = _kernel.Closed.Count;
        if (borrowed)
        {
            descriptor.Return();
        }

        Assert.Equal(borrowed ? 0 : 1, closedWhileBorrowed);
        Assert.Equal([Number], _kernel.Closed);
        Assert.False(descriptor.TryBorrow());
    }

    [Fact]
    public void Dispose_NotOwned_ClosesNothing()
    {
        FileDescriptor descriptor = new(_kernel, Number, owned: false);

        descriptor.Dispose();

        Assert.True(descriptor.IsClosed);
        Assert.False(descriptor.TryBorrow());
        Assert.Empty(_kernel.Closed);
    }

    [Fact]
    public void Dispose_CloseFails_IsNotTriedAgain()
    {
        ScriptedKernel kernel = new();
        kernel.OnClose.Fail(Errno.EINTR);
        FileDescriptor descriptor = new(kernel, Number);

        descriptor.Dispose();
        descriptor.Dispose();

        Assert.Equal(1, kernel.OnClose.Calls);
    }
}
