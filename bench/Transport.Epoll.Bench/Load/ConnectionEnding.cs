namespace Transport.Epoll.Bench.Load;

/// <summary>The ways in which a client lets go of a connection.</summary>
internal enum ConnectionEnding
{
    /// <summary>Request, whole response, close.</summary>
    Fin,

    /// <summary>Request, whole response, reset.</summary>
    Reset,

    /// <summary>Request, then no more to send; the response is read to its end.</summary>
    HalfClose,

    /// <summary>Part of a request, in turn of its head and of its body, then in turn a close and a reset.</summary>
    AbortRequest,

    /// <summary>Request of a long response, reset after its first bytes.</summary>
    AbortResponse,
}
