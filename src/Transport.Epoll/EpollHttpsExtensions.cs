using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Https;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Adds https to an endpoint of Kestrel.</summary>
public static class ListenOptionsEpollHttpsExtensions
{
    /// <summary>With the default certificate, else as <see cref="UseEpollHttps(ListenOptions, Action{HttpsConnectionAdapterOptions})"/>.</summary>
    /// <param name="listenOptions">The endpoint. It may be served by any transport.</param>
    /// <returns>The same endpoint.</returns>
    /// <exception cref="InvalidOperationException">There is no certificate.</exception>
    public static ListenOptions UseEpollHttps(this ListenOptions listenOptions) => listenOptions.UseEpollHttps(static _ => { });

    /// <summary>
    /// In the place of <c>UseHttps</c>, with the same options, defaults and certificates: TLS by <see cref="System.Net.Security.SslStream"/>, which is handed
    /// whole records instead of one block of memory, or one small answer, at a time.
    /// </summary>
    /// <param name="listenOptions">The endpoint. It may be served by any transport.</param>
    /// <param name="configureOptions">Sets options; they have the defaults of <c>ConfigureHttpsDefaults</c> by then.</param>
    /// <returns>The same endpoint.</returns>
    /// <exception cref="InvalidOperationException">There is no certificate.</exception>
    public static ListenOptions UseEpollHttps(this ListenOptions listenOptions, Action<HttpsConnectionAdapterOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(listenOptions);
        ArgumentNullException.ThrowIfNull(configureOptions);
        HttpsConnectionAdapterOptions? configured = null;
        Use(listenOptions, () => configured!);
        return listenOptions.UseHttps(options =>
        {
            configureOptions(options);
            configured = options; // its certificate may be a default one, which is set after this call and before the first connection
        });
    }

    /// <summary>The same with options that are complete: defaults are not applied to them.</summary>
    /// <param name="listenOptions">The endpoint. It may be served by any transport.</param>
    /// <param name="httpsOptions">The options, with a certificate or a selector.</param>
    /// <returns>The same endpoint.</returns>
    public static ListenOptions UseEpollHttps(this ListenOptions listenOptions, HttpsConnectionAdapterOptions httpsOptions)
    {
        ArgumentNullException.ThrowIfNull(listenOptions);
        ArgumentNullException.ThrowIfNull(httpsOptions);
        Use(listenOptions, () => httpsOptions);
        return listenOptions.UseHttps(httpsOptions);
    }

    /// <summary>For an https endpoint of the configuration, with the certificate and the options that stand there.</summary>
    /// <param name="endpoint">What <c>KestrelConfigurationLoader.Endpoint</c> gives.</param>
    /// <returns>The endpoint's options.</returns>
    /// <exception cref="InvalidOperationException">The endpoint's address does not begin with https.</exception>
    /// <exception cref="NotSupportedException">The endpoint has names of its own, <c>Sni</c>, in the configuration.</exception>
    public static ListenOptions UseEpollHttps(this EndpointConfiguration endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        string name = endpoint.ConfigSection.Key;
        if (!endpoint.IsHttps)
        {
            throw new InvalidOperationException($"Endpoint {name} can't have UseEpollHttps: its Url, {endpoint.ConfigSection["Url"]}, does not begin with https.");
        }

        return !endpoint.ConfigSection.GetSection("Sni").GetChildren().Any() ? endpoint.ListenOptions.UseEpollHttps(endpoint.HttpsOptions)
            : throw new NotSupportedException($"Endpoint {name} has Sni in the configuration, which UseEpollHttps does not know. Leave UseEpollHttps out there, or give the certificates by a ServerCertificateSelector.");
    }

    /// <summary>
    /// Kestrel's middleware comes behind ours and steps aside for a connection that has a TLS feature. It is there because it checks the options, finds the default
    /// certificates, and makes the endpoint one whose address begins with https. The last middleware is built first, so ours finds the options complete.
    /// </summary>
    private static void Use(ListenOptions listenOptions, Func<HttpsConnectionAdapterOptions> options) => listenOptions.Use(next =>
    {
        IServiceProvider services = listenOptions.ApplicationServices;
        ILogger logger = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger(EpollTransportLog.Category);
        HandshakeMetrics? metrics = services.GetService<IMeterFactory>() is { } meters ? new(meters) : null;
        return new HttpsMiddleware(next, new ServerTls(options(), listenOptions.Protocols), metrics, new OffLoopLogger(logger)).OnConnectionAsync;
    });
}
