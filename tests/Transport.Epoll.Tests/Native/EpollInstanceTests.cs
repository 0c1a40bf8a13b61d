using System.Diagnostics;
using Transport.Epoll.Native;

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

    [Fact]
    public void Wait_InterruptedWithLimit_IsNoEvent()
    {
        _kernel.OnEpollWait.Fail(Errno.EINTR);

        Assert.Equal(0, _epoll.Wait(_events, 0));
        Assert.Equal(1, _kernel.OnEpollWait.Calls);
    }

    [Fact]
    public void Wait_OtherFailure_Throws()
    {
        _kernel.OnEpollWait.Fail(Errno.EBADF);

        Assert.Throws<UnreachableException>(() => _epoll.Wait(_events, -1));
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
