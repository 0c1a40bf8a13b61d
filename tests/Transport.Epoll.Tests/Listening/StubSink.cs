using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Transport.Epoll.Listening;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

/// <summary>Takes what an acceptor accepts, and closes it at once.</summary>
internal sealed class StubSink : IAcceptSink
{
    private readonly Channel<EndPoint?> _accepted = Channel.CreateUnbounded<EndPoint?>();
    private readonly Channel<SysResult> _exhausted = Channel.CreateUnbounded<SysResult>();

    /// <summary>The answers to the next questions for room; then <see cref="Room"/>.</summary>
    public ConcurrentQueue<bool> NextRoom { get; } = new();

    public bool Room { get; set; } = true;

    public bool HasRoom => NextRoom.TryDequeue(out bool room) ? room : Room;

    /// <summary>What the next connection makes it throw.</summary>
    public Exception? NextFault { get; set; }

    public int Accepted => _accepted.Reader.Count;

    public void OnAccepted(Acceptor acceptor, FileDescriptor descriptor, EndPoint? remoteEndPoint)
    {
        descriptor.Dispose();
        if (NextFault is Exception fault)
        {
            NextFault = null;
            throw fault;
        }

        _accepted.Writer.TryWrite(remoteEndPoint);
    }

    public void OnFailed(SysResult error)
    {
    }

    public void OnExhausted(SysResult error, TimeSpan retryWithin) => _exhausted.Writer.TryWrite(error);

    public Task<EndPoint?> AcceptedAsync() => _accepted.Reader.ReadAsync().WithTimeout();

    public Task<SysResult> ExhaustedAsync() => _exhausted.Reader.ReadAsync().WithTimeout();
}
