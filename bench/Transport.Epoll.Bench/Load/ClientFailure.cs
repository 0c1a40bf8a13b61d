using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;

namespace Transport.Epoll.Bench.Load;

/// <summary>How a client says that a request went wrong. Such a run is refused; anything else is a fault of the bench.</summary>
internal static class ClientFailure
{
    public static bool Is(Exception exception) =>
        exception is IOException or HttpRequestException or OperationCanceledException or WebSocketException or SocketException or AuthenticationException;
}
