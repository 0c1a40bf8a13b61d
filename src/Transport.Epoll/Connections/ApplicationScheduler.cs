using System.IO.Pipelines;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Connections;

/// <summary>
/// Where the application's callbacks of one connection run: always on the pool, or, inline, on the loop when the loop itself raised them.
/// Never in place.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ApplicationScheduler(EventLoop loop, IApplicationItemOwner owner, bool inline) : PipeScheduler
{
    public override void Schedule(Action<object?> action, object? state)
    {
        if (inline && loop.IsRunningHere)
        {
            loop.Post(action, state, owner);
        }
        else
        {
            loop.PostToPool(action, state, owner);
        }
    }
}
