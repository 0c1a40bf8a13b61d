using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Transport.Epoll.Tests.Support;

internal static class KestrelExtensions
{
    /// <summary>Listens on 127.0.0.1, port 0, with a connection handler in place of HTTP.</summary>
    public static void ListenConnections(this KestrelServerOptions kestrel, Func<ConnectionContext, Task> handler) =>
        kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Run(handler));
}
