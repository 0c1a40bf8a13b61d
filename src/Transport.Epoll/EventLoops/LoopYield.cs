using System.Runtime.CompilerServices;

namespace Transport.Epoll.EventLoops;

/// <summary>Await it to give the loop's other work a turn: the rest of the method runs as a loop item later.</summary>
/// <remarks>Any thread.</remarks>
internal readonly struct LoopYield(EventLoop loop) : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public LoopYield GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => loop.Post(static state => ((Action)state!)(), continuation);
}
