using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>The handler of a loop's eventfd: the edge has done its work by ending the wait.</summary>
/// <remarks>Lease holder only.</remarks>
internal sealed class WakeHandler : IEventHandler
{
    public static readonly WakeHandler Instance = new();

    public void OnEvents(EpollEvents events)
    {
    }

    public void OnFault(Exception exception)
    {
    }
}
