using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Transport.Epoll;
using Transport.Epoll.Diagnostics;

namespace Microsoft.AspNetCore.Hosting
{
    /// <summary>Adds the epoll transport to a web host.</summary>
    public static class WebHostBuilderEpollExtensions
    {
        /// <summary>
        /// Serves Kestrel's endpoints through edge-triggered epoll. Where epoll can't be had (another system, or Tmds.LibC is missing), and for
        /// endpoints of other kinds, the transport registered before it serves, which is Kestrel's own unless the app chose another.
        /// </summary>
        /// <param name="hostBuilder">The web host's builder. Before or after <c>UseKestrel()</c>.</param>
        /// <param name="configureOptions">Sets options; it wins over the configuration section <c>Kestrel:Transport:Epoll</c>.</param>
        /// <returns>The same builder.</returns>
        public static IWebHostBuilder UseEpollTransport(this IWebHostBuilder hostBuilder, Action<EpollTransportOptions>? configureOptions = null)
        {
            ArgumentNullException.ThrowIfNull(hostBuilder);
            return hostBuilder.ConfigureServices(services => services.AddEpollTransport(configureOptions));
        }
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Adds the epoll transport to a service collection.</summary>
    public static class EpollTransportServiceCollectionExtensions
    {
        /// <summary>
        /// Registers the epoll transport as an <see cref="IConnectionListenerFactory"/>: for Kestrel, or for any code that binds endpoints itself.
        /// </summary>
        /// <param name="services">The services. Calling this again only adds options.</param>
        /// <param name="configureOptions">Sets options; it wins over the configuration section <c>Kestrel:Transport:Epoll</c>.</param>
        /// <returns>The same services.</returns>
        public static IServiceCollection AddEpollTransport(this IServiceCollection services, Action<EpollTransportOptions>? configureOptions = null)
        {
            ArgumentNullException.ThrowIfNull(services);
            SocketsFallback.TryAdd(services);
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, EpollTransportFactory>());
            services.TryAddSingleton(static provider => new EpollDiagnostics(
                () => provider.GetServices<IConnectionListenerFactory>().OfType<EpollTransportFactory>().FirstOrDefault()?.Observation));
            services.AddOptions();
            if (!services.Any(service => service.ImplementationType == typeof(EpollTransportOptionsSetup)))
            {
                // First of all: whatever code configures, before or after this call, wins over configuration.
                services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<EpollTransportOptions>, EpollTransportOptionsSetup>());
            }

            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EpollTransportOptions>, EpollTransportOptionsSetup>());
            if (configureOptions is not null)
            {
                services.Configure(configureOptions);
            }

            return services;
        }
    }
}
