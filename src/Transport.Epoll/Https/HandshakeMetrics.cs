using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;

namespace Transport.Epoll.Https;

/// <summary>
/// Kestrel's two instruments of handshakes, which dashboards know. A meter gives the same instrument to all that ask for it by the same name, unit and description.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class HandshakeMetrics
{
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _duration;

    public HandshakeMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("Microsoft.AspNetCore.Server.Kestrel");
        _active = meter.CreateUpDownCounter<long>("kestrel.active_tls_handshakes", "{handshake}",
            "Number of TLS handshakes that are currently in progress on the server.");
        _duration = meter.CreateHistogram<double>("kestrel.tls_handshake.duration", "s", "The duration of TLS handshakes on the server.");
    }

    /// <summary>Whether it counts as active, which is to be given to <see cref="OnEnd"/>: who looks may come, or go, meanwhile.</summary>
    public bool OnBegin(ConnectionContext connection)
    {
        bool counts = _active.Enabled;
        if (counts)
        {
            _active.Add(1, Tags(connection));
        }

        return counts;
    }

    public void OnEnd(ConnectionContext connection, bool isCounted, long began, SslProtocols protocol, Exception? error)
    {
        if (!isCounted && !_duration.Enabled)
        {
            return;
        }

        TagList tags = Tags(connection);
        if (isCounted)
        {
            _active.Add(-1, tags);
        }

        if (error is not null)
        {
            tags.Add("error.type", error.GetType().FullName);
        }
        else if (Version(protocol) is { } version)
        {
            tags.Add("tls.protocol.version", version);
        }

        _duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
    }

#pragma warning disable CA5397, SYSLIB0039 // They are named, not offered.
    public static string? Version(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls => "1.0",
        SslProtocols.Tls11 => "1.1",
        SslProtocols.Tls12 => "1.2",
        SslProtocols.Tls13 => "1.3",
        _ => null,
    };
#pragma warning restore CA5397, SYSLIB0039

    /// <summary>As Kestrel names where the connection came in.</summary>
    private static TagList Tags(ConnectionContext connection)
    {
        TagList tags = default;
        switch (connection.LocalEndPoint)
        {
            case IPEndPoint ip:
                tags.Add("server.address", ip.Address.ToString());
                tags.Add("server.port", ip.Port);
                tags.Add("network.type", ip.AddressFamily == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4");
                tags.Add("network.transport", "tcp");
                break;
            case UnixDomainSocketEndPoint unix:
                tags.Add("server.address", unix.ToString());
                tags.Add("network.transport", "unix");
                break;
            case EndPoint other:
                tags.Add("server.address", other.ToString());
                tags.Add("network.transport", other.AddressFamily.ToString());
                break;
        }

        return tags;
    }
}
