using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>An app that answers with the assembly that its connection comes from.</summary>
internal static class ServingTransport
{
    public static readonly string Epoll = typeof(EpollTransportOptions).Assembly.GetName().Name!;

    public static void Answer(IApplicationBuilder app) => app.Run(context => context.Response.WriteAsync(
        context.Features.GetRequiredFeature<IConnectionSocketFeature>().GetType().Assembly.GetName().Name!));

    public static Uri AddressOf(IServiceProvider services) =>
        new(services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Asks the app that was built from these services.</summary>
    public static async Task<string> AskAsync(IServiceProvider services)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        using var client = new HttpClient(handler);
        return await client.GetStringAsync(AddressOf(services)).WithTimeout();
    }
}
