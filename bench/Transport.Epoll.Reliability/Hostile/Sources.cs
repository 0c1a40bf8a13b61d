using System.Net;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>127.0.0.2 and up: each address has its own ephemeral ports, so those in TIME_WAIT do not run a flood out of them (ip(7)).</summary>
internal static class Sources
{
    private const int Count = 64;

    public static IPAddress Of(int index) => new([127, 0, 0, (byte)(2 + (index % Count))]);
}
