using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Transport.Epoll;

/// <summary>
/// Kestrel adds its own transport only if no other is registered, so it is registered here, before ours: an endpoint that ours refuses
/// needs it.
/// </summary>
internal static class SocketsFallback
{
    public static void TryAdd(IServiceCollection services)
    {
        try
        {
            AddSockets(services);
        }
        catch (FileNotFoundException)
        {
            // A plain generic host without the ASP.NET Core runtime has no such transport, and no Kestrel that could ask for it.
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddSockets(IServiceCollection services)
    {
        if (!services.Any(service => service.ImplementationType == typeof(SocketTransportFactory)))
        {
            // First of all, so that it is asked last: whatever else the app has registered keeps its endpoints.
            services.Insert(0, ServiceDescriptor.Singleton<IConnectionListenerFactory, SocketTransportFactory>());
        }
    }
}
