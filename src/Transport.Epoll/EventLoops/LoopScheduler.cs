using System.IO.Pipelines;

namespace Transport.Epoll.EventLoops;

/// <summary>Runs pipe continuations as loop items: never in place for a foreign thread, always posted.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class LoopScheduler(Action<Action<object?>, object?> post) : PipeScheduler
{
    public override void Schedule(Action<object?> action, object? state) => post(action, state);
}
