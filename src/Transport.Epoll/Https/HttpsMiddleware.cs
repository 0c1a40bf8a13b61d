using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;

namespace Transport.Epoll.Https;

/// <summary>
/// The connection middleware of one endpoint: it shakes hands, puts TLS in front of the connection's transport, and calls the next one. It behaves as the
/// middleware of <c>UseHttps</c> does, which stands behind it and steps aside, because the connection has a TLS feature by then.
/// </summary>
/// <remarks>Any thread: immutable. <paramref name="logger"/> must be one that a loop's thread may use.</remarks>
internal sealed class HttpsMiddleware(ConnectionDelegate next, ServerTls tls, HandshakeMetrics? metrics, ILogger logger)
{
    /// <summary>Kestrel's word for it.</summary>
    private const string HandshakeFailed = "tls_handshake_failed";

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<ITlsConnectionFeature>() is not null)
        {
            await next(connection).ConfigureAwait(false);
            return;
        }

        IDuplexPipe original = connection.Transport;
        TransportStream inner = new(original);
        SslStream stream = tls.CreateStream(inner);
        await using (stream.ConfigureAwait(false))
        {
            new TlsFeature(connection, stream, tls.AllowsLateCertificate).AddTo(connection.Features);
            if (!await TryHandshakeAsync(connection, stream).ConfigureAwait(false))
            {
                return; // and Kestrel ends the connection
            }

            TlsDuplexPipe pipe = new(stream, inner);
            connection.Transport = pipe;
            try
            {
                // Ended before the stream is: its pump may still write.
                await using (pipe.ConfigureAwait(false))
                {
                    await next(connection).ConfigureAwait(false);
                }
            }
            finally
            {
                connection.Transport = original;
            }
        }
    }

    /// <summary>False for what a client may do wrong, or does not do in time; what the application throws goes on.</summary>
    private async ValueTask<bool> TryHandshakeAsync(ConnectionContext connection, SslStream stream)
    {
        long began = Stopwatch.GetTimestamp();
        bool isCounted = metrics?.OnBegin(connection) ?? false;
        Exception? error = null;
        try
        {
            using CancellationTokenSource timeout = new(tls.HandshakeTimeout);
            await tls.AuthenticateAsync(stream, connection, timeout.Token).ConfigureAwait(false);
            Describe(connection, "tls.protocol.version", HandshakeMetrics.Version(stream.SslProtocol));
            if (logger.IsEnabled(LogLevel.Debug))
            {
                EpollTransportLog.HttpsConnectionEstablished(logger, connection.ConnectionId, stream.SslProtocol);
            }
        }
        catch (OperationCanceledException exception)
        {
            error = exception;
            EpollTransportLog.AuthenticationTimedOut(logger, connection.ConnectionId);
            Describe(connection, "error.type", HandshakeFailed);
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            error = exception;
            EpollTransportLog.AuthenticationFailed(logger, connection.ConnectionId, exception);
            Describe(connection, "error.type", HandshakeFailed);
        }
        catch (Exception exception)
        {
            error = exception;
            throw; // Kestrel says of the connection what it was
        }
        finally
        {
            metrics?.OnEnd(connection, isCounted, began, error is null ? stream.SslProtocol : SslProtocols.None, error);
        }

        return error is null;
    }

    /// <summary>For Kestrel's own metric of the connection.</summary>
    private static void Describe(ConnectionContext connection, string tag, string? value)
    {
        if (value is not null)
        {
            connection.Features.Get<IConnectionMetricsTagsFeature>()?.Tags.Add(new(tag, value));
        }
    }
}
