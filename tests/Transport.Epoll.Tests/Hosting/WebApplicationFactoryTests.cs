using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Hosting;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>Integration tests of an app that run a real Kestrel.</summary>
public sealed class WebApplicationFactoryTests
{
    [Fact]
    public async Task StartServer_UseKestrel_ServesOnEpoll()
    {
        await using var factory = new Factory();
        factory.UseKestrel(port: 0);
        factory.StartServer();

        Assert.Equal(ServingTransport.Epoll, await ServingTransport.AskAsync(factory.Services));
        using var client = factory.CreateClient();
        Assert.Equal(ServingTransport.Epoll, await client.GetStringAsync(new Uri("/", UriKind.Relative)).WithTimeout());
    }

    /// <summary>Any type of an assembly with an entry point will do; the host comes from here.</summary>
    private sealed class Factory : WebApplicationFactory<Factory>
    {
        // The app has no content; without this the base class looks for the solution above the output folder.
        static Factory() =>
            Environment.SetEnvironmentVariable("ASPNETCORE_TEST_CONTENTROOT_TRANSPORT_EPOLL_TESTS", AppContext.BaseDirectory);

        protected override IHostBuilder CreateHostBuilder() => new HostBuilder()
            .ConfigureWebHost(web => web.UseEpollTransport().Configure(ServingTransport.Answer));
    }
}
