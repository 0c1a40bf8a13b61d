using System.Collections.Concurrent;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>Keeps what the loop told it, and throws where the test wants it.</summary>
internal sealed class StubHandler : IEventHandler
{
    public ConcurrentQueue<EpollEvents> Events { get; } = new();

    public ConcurrentQueue<Exception> Faults { get; } = new();

    public Action? OnEvent { get; init; }

    public void OnEvents(EpollEvents events)
    {
        Events.Enqueue(events);
        OnEvent?.Invoke();
    }

    public void OnFault(Exception exception) => Faults.Enqueue(exception);
}
