using System.Net;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>What an acceptor reports to.</summary>
internal interface IAcceptSink
{
    /// <summary>Whether another connection may be accepted now.</summary>
    bool HasRoom { get; }

    /// <summary>A connection was accepted; the sink owns the descriptor now, also when it throws.</summary>
    void OnAccepted(Acceptor acceptor, FileDescriptor descriptor, EndPoint? remoteEndPoint);

    /// <summary>Descriptors or memory have run out: the acceptor tries again later.</summary>
    void OnExhausted(SysResult error, TimeSpan retryWithin);
}

/// <summary>What a drain found, in the order in which it matters.</summary>
internal enum DrainResult
{
    /// <summary>Nothing was queued.</summary>
    WasEmpty,

    /// <summary>Something was, and is accepted.</summary>
    Accepted,

    /// <summary>Something may be, but can't be accepted now.</summary>
    Held,
}
