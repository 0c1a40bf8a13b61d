using System.IO.Pipelines;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Connections;

/// <summary>
/// Where the application's callbacks of one connection run in inline mode: on the loop when the loop itself raised them, otherwise on the
/// pool, never in place.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ApplicationScheduler(EventLoop loop, IApplicationItemOwner owner) : PipeScheduler
{
    public override void Schedule(Action<object?> action, object? state)
    {
        if (loop.IsRunningHere)
        {
            loop.Post(action, state, owner);
        }
        else
        {
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
        }
    }
}
