using System.Net;
using System.Net.Sockets;

namespace Sample.Web.Tests.Support;

/// <summary>Ports for servers that can't be asked to choose one.</summary>
internal static class Ports
{
    /// <summary>A port that was free a moment ago, and so was the next one.</summary>
    public static int FindPair()
    {
        for (var tries = 0; tries < 100; tries++)
        {
            using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            first.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)first.LocalEndPoint!).Port;
            using var second = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                second.Bind(new IPEndPoint(IPAddress.Loopback, port + 1));
                return port;
            }
            catch (Exception exception) when (exception is SocketException or ArgumentOutOfRangeException)
            {
                // Taken, or there is none after the last.
            }
        }

        throw new InvalidOperationException("No two neighbouring ports are free.");
    }
}
