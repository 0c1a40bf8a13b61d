using System.Collections.Concurrent;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>Owns application items and keeps what they threw. Any thread.</summary>
internal sealed class RecordingItemOwner : IMeasuredOwner
{
    /// <summary>An owner that is known to be quick, unless it is to be new: new ones may begin on the pool.</summary>
    public RecordingItemOwner(bool isNew = false)
    {
        while (!isNew && Callbacks.IsNewOnLoop)
        {
            Callbacks.OnQuick();
        }
    }

    public ConcurrentQueue<Exception> Failures { get; } = new();

    public string ConnectionId => "recording";

    public CallbackRecord Callbacks { get; } = new();

    public void OnCallbackFailed(Exception exception) => Failures.Enqueue(exception);

    /// <summary>Runs a function as an application item of this owner.</summary>
    public Task<T> RunAsync<T>(EventLoop loop, Func<T> function)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(_ => done.SetResult(function()), null, this);
        return done.Task.WithTimeout();
    }
}
