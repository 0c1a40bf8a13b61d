using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Transport.Epoll.Tests.Support;

/// <summary>An endpoint of a type that no socket transport knows.</summary>
internal sealed class InMemoryEndPoint(string name) : EndPoint
{
    public override bool Equals(object? obj) => obj is InMemoryEndPoint other && other.ToString() == name;

    public override int GetHashCode() => name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => name;
}

/// <summary>Serves only its own endpoint type, and nobody ever connects.</summary>
internal sealed class InMemoryListenerFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public ConcurrentQueue<EndPoint> Bound { get; } = new();

    public bool CanBind(EndPoint endpoint) => endpoint is InMemoryEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Assert.IsType<InMemoryEndPoint>(endpoint);
        Bound.Enqueue(endpoint);
        return new ValueTask<IConnectionListener>(new Listener(endpoint));
    }

    private sealed class Listener(EndPoint endPoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endPoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(_ended.Task);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _ended.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
