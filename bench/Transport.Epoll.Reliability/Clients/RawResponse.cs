namespace Transport.Epoll.Reliability.Clients;

/// <summary>A response that came whole.</summary>
internal sealed record RawResponse(int Status, string Head, byte[] Body);

/// <summary>How the server let go of a connection.</summary>
internal enum PeerEnd
{
    Closed,
    Reset,
}
