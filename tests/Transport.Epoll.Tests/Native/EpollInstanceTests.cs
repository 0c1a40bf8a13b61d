using System.Diagnostics;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Native;

public sealed class EpollInstanceTests : IDisposable
{
    private readonly ScriptedKernel _kernel = new();
    private readonly EpollInstance _epoll;
    private readonly EpollEvent[] _events = new EpollEvent[8];

    public EpollInstanceTests() => _epoll = new EpollInstance(_kernel);

    public void Dispose() => _epoll.Dispose();

    [Fact]
    public void Wait_InterruptedWithoutLimit_GoesOn()
    {
        using EventFd wake = new(_kernel);
        _epoll.Add(wake.Number, EpollEvents.In, token: 5).ThrowIfFailed();
        wake.Signal();
        _kernel.OnEpollWait.Fail(Errno.EINTR, Errno.EINTR, Errno.EINTR);

        int count = _epoll.Wait(_events, -1);

        Assert.Equal(1, count);
        Assert.Equal(new EpollEvent(EpollEvents.In, 5), _events[0]);
        Assert.Equal(4, _kernel.OnEpollWait.Calls);
    }

    /// <summary>Who was told of an event by an instance that watches this one is not told again.</summary>
    [Theory]
    [InlineData(Errno.EINTR)]
    [InlineData(Errno.ENOMEM)]
    public void Wait_LookFails_LooksAgain(int errno)
    {
        using EventFd wake = new(_kernel);
        _epoll.Add(wake.Number, EpollEvents.In, token: 5).ThrowIfFailed();
        wake.Signal();
        _kernel.OnEpollWait.Fail(errno, errno);

        Assert.Equal(1, _epoll.Wait(_events, 0));
        Assert.Equal(3, _kernel.OnEpollWait.Calls);
    }

    [Theory]
    [InlineData(Errno.EBADF)]
    [InlineData(Errno.EINVAL)]
    [InlineData(Errno.EFAULT)]
    public void Wait_MadeWrongly_Throws(int errno)
    {
        _kernel.OnEpollWait.Fail(errno);

        Assert.Throws<UnreachableException>(() => _epoll.Wait(_events, -1));
    }

    [Theory]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.ENOBUFS)]
    [InlineData(Errno.EMFILE)]
    [InlineData(Errno.ECONNABORTED)]
    [InlineData(Errno.ECONNRESET)]
    public void Wait_FailureThatPasses_RestsAndGoesOn(int errno)
    {
        using EventFd wake = new(_kernel);
        _epoll.Add(wake.Number, EpollEvents.In, token: 5).ThrowIfFailed();
        wake.Signal();
        _kernel.OnEpollWait.Fail(errno, errno, errno);
        long start = Stopwatch.GetTimestamp();

        Assert.Equal(1, _epoll.Wait(_events, -1));

        Assert.Equal(4, _kernel.OnEpollWait.Calls);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(30), Waiting.Limit);
    }

    [Fact]
    public void Wait_FailureThatStays_ThrowsInTheEnd()
    {
        _kernel.OnEpollWait.FailAlways(Errno.ENOMEM);

        Assert.Throws<UnreachableException>(() => _epoll.Wait(_events, -1));

        Assert.Equal(101, _kernel.OnEpollWait.Calls);
    }

    [Fact]
    public void Wait_FailuresWithSuccessesBetween_AreNotCountedTogether()
    {
        for (int i = 0; i < 120; i++)
        {
            _kernel.OnEpollWait.Fail(Errno.ENOMEM);
            _kernel.OnEpollWait.Return(0);
            Assert.Equal(0, _epoll.Wait(_events, 0));
        }
    }

    [Fact]
    public void AddAndModify_Interrupted_TryAgain()
    {
        using EventFd wake = new(_kernel);
        _kernel.OnEpollAdd.Fail(Errno.EINTR, Errno.EINTR);
        _kernel.OnEpollModify.Fail(Errno.EINTR, Errno.EINTR);

        Assert.True(_epoll.Add(wake.Number, EpollEvents.In, token: 5).IsOk);
        Assert.True(_epoll.Modify(wake.Number, EpollEvents.In, token: 6).IsOk);

        Assert.Equal((3, 3), (_kernel.OnEpollAdd.Calls, _kernel.OnEpollModify.Calls));
    }

    [Fact]
    public void Wait_AfterOneEdge_ReportsItOnce()
    {
        using EventFd wake = new(_kernel);
        _epoll.Add(wake.Number, EpollEvents.In, token: 5).ThrowIfFailed();
        wake.Signal();

        Assert.Equal(1, _epoll.Wait(_events, 0));
        Assert.Equal(0, _epoll.Wait(_events, 0));
    }

    [Fact]
    public void Modify_ReadyDescriptor_ReportsAgain()
    {
        using EventFd wake = new(_kernel);
        _epoll.Add(wake.Number, EpollEvents.In, token: 5).ThrowIfFailed();
        wake.Signal();
        _epoll.Wait(_events, 0);

        _epoll.Modify(wake.Number, EpollEvents.In, token: ulong.MaxValue).ThrowIfFailed();

        Assert.Equal(1, _epoll.Wait(_events, 0));
        Assert.Equal(ulong.MaxValue, _events[0].Token);
    }

    [Fact]
    public void Remove_ReadyDescriptor_ReportsNothing()
    {
        using EventFd wake = new(_kernel);
        _epoll.Add(wake.Number, EpollEvents.In, token: 5).ThrowIfFailed();
        wake.Signal();

        Assert.True(_epoll.Remove(wake.Number).IsOk);

        Assert.Equal(0, _epoll.Wait(_events, 0));
        Assert.Equal(Errno.ENOENT, _epoll.Remove(wake.Number).Errno);
    }

    [Fact]
    public void Remove_Disposed_DoesNothing()
    {
        _epoll.Dispose();

        Assert.True(_epoll.Remove(0).IsOk);
    }

    [Fact]
    public void Wait_ManyEvents_KeepsEachToken()
    {
        EventFd[] wakes = [.. Enumerable.Range(0, 8).Select(_ => new EventFd(_kernel))];
        for (int i = 0; i < wakes.Length; i++)
        {
            _epoll.Add(wakes[i].Number, EpollEvents.In, ((ulong)i << 32) | 0xFFFFFFFE).ThrowIfFailed();
            wakes[i].Signal();
        }

        int count = _epoll.Wait(_events, 0);

        Assert.Equal(Enumerable.Range(0, 8).Select(i => ((ulong)i << 32) | 0xFFFFFFFE), _events.Take(count).Select(ready => ready.Token).Order());
        Array.ForEach(wakes, wake => wake.Dispose());
    }
}
