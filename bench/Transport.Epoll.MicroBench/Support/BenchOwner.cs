using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.MicroBench.Support;

/// <summary>Owns application items, as a connection does.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class BenchOwner : IMeasuredOwner
{
    public string ConnectionId => "bench";

    public CallbackRecord Callbacks { get; } = new();

    public void OnCallbackFailed(Exception exception) => Environment.FailFast("A benchmark's callback failed.", exception);
}
