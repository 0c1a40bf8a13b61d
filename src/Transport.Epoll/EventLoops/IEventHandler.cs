using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>What an event loop calls for the events of one registered descriptor.</summary>
internal interface IEventHandler
{
    /// <summary>Lease holder only, in state running: must not block and must not reach user code.</summary>
    void OnEvents(EpollEvents events);

    /// <summary>Lease holder only: <see cref="OnEvents"/> threw. It ends this handler's work, never the loop.</summary>
    void OnFault(Exception exception);
}
