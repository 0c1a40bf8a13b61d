using System.IO.Pipelines;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// Runs output pumps. A flush by the loop's own callbacks is posted, so that the answers of a turn leave together; a flush by a foreign
/// thread is sent by that thread at once if the loop sleeps (it saves the wake-up), and posted if it is awake (it saves the contention).
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class SendScheduler(EventLoop loop) : PipeScheduler
{
    public override void Schedule(Action<object?> action, object? state)
    {
        if (loop.TryEnterSendInPlace())
        {
            action(state);
        }
        else
        {
            loop.Post(action, state);
        }
    }
}
