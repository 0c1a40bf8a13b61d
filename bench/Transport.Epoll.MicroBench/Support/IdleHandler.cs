using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.MicroBench.Support;

/// <summary>A handler that does nothing.</summary>
internal sealed class IdleHandler : IEventHandler
{
    public void OnEvents(EpollEvents events)
    {
    }

    public void OnFault(Exception exception) => Environment.FailFast("An idle handler failed.", exception);
}
