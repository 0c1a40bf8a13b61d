using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
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

    /// <summary>The tags of the connection, which are to be given to <see cref="OnEnd"/>.</summary>
    public TagList OnBegin(ConnectionContext connection)
    {
        TagList tags = default;
        if (_active.Enabled || _duration.Enabled)
        {
            if (connection.LocalEndPoint is IPEndPoint ip)
            {
                tags.Add("server.address", ip.Address.ToString());
                tags.Add("server.port", ip.Port);
                tags.Add("network.type", ip.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4");
                tags.Add("network.transport", "tcp");
            }
            else if (connection.LocalEndPoint is { } other)
            {
                tags.Add("server.address", other.ToString());
                tags.Add("network.transport", "unix");
            }
        }

        _active.Add(1, tags);
        return tags;
    }

    public void OnEnd(TagList tags, long began, SslProtocols protocol, Exception? error)
    {
        _active.Add(-1, tags);
        if (_duration.Enabled)
        {
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
}
