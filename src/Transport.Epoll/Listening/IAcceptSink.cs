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

    /// <summary>An accept has failed, for a reason of that one connection or of all.</summary>
    void OnFailed(SysResult error);

    /// <summary>Descriptors or memory have run out: the acceptor tries again later.</summary>
    void OnExhausted(SysResult error, TimeSpan retryWithin);
}
