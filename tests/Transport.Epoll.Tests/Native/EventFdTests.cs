using System.Net.Sockets;
using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

public class EventFdTests
{
    private readonly ScriptedKernel _kernel = new();

    [Fact]
    public void Signal_Interrupted_TriesAgain()
    {
        using EventFd wake = new(_kernel);
        _kernel.OnEventFdSignal.Fail(Errno.EINTR, Errno.EINTR);

        wake.Signal();

        Assert.Equal(3, _kernel.OnEventFdSignal.Calls);
    }

    [Fact]
    public void Signal_CounterFull_DoesNotSpin()
    {
        using EventFd wake = new(_kernel);
        _kernel.OnEventFdSignal.FailAlways(Errno.EAGAIN);

        wake.Signal();

        Assert.Equal(1, _kernel.OnEventFdSignal.Calls);
    }

    [Fact]
    public void Signal_Disposed_DoesNothing()
    {
        EventFd wake = new(_kernel);
        wake.Dispose();

        wake.Signal();

        Assert.Equal(0, _kernel.OnEventFdSignal.Calls);
        Assert.Single(_kernel.Closed);
    }

    [Fact]
    public void Signal_DisposedDuringTheCall_ClosesAfterIt()
    {
        EventFd wake = new(_kernel);
        int closedDuringCall = -1;
        _kernel.OnEventFdSignal.Before = () =>
        {
            wake.Dispose();
            closedDuringCall = _kernel.Closed.Count;
        };

        wake.Signal();

        Assert.Equal(0, closedDuringCall);
        Assert.Single(_kernel.Closed);
    }

    [Fact]
    public void Signal_Twice_IsTwoEdges()
    {
        using EpollInstance epoll = new(_kernel);
        using EventFd wake = new(_kernel);
        EpollEvent[] events = new EpollEvent[4];
        epoll.Add(wake.Number, EpollEvents.In, token: 1).ThrowIfFailed();

        wake.Signal();
        int first = epoll.Wait(events, 0);
        wake.Signal();
        int second = epoll.Wait(events, 0);

        Assert.Equal((1, 1), (first, second));
    }

    [Fact]
    public void Constructor_NoDescriptorLeft_Throws()
    {
        _kernel.OnEventFdCreate.Fail(Errno.EMFILE);

        SocketException exception = Assert.Throws<SocketException>(() => new EventFd(_kernel));

        Assert.Equal(SocketError.TooManyOpenSockets, exception.SocketErrorCode);
    }
}
