using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>Where buffers come from and when their pool ends.</summary>
public sealed class MemoryPoolTests
{
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "15")]
    public async Task Pool_OfTheTransport_ComesFromTheInjectedFactoryWithAnOwner(TransportKind kind)
    {
        await using var transport = new RawTransport(kind);
        await using var listener = await RawListener.BindAsync(transport);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            Assert.NotEmpty(transport.Pools.Created);
            Assert.All(transport.Pools.Created, pool => Assert.Equal("kestrel", pool.Owner)); // what dashboards pick the pools' metrics by
            var pool = server.Features.Get<Microsoft.AspNetCore.Connections.Features.IMemoryPoolFeature>()?.MemoryPool;
            Assert.Contains(pool, transport.Pools.Created);
        }
    }

    /// <summary>Also for who is about to speak TLS: an application that brings its own pool wants to see all buffers.</summary>
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "15")]
    public async Task Pool_OfAnOwnFactoryAskedForByHttps_IsTheFactorys(TransportKind kind)
    {
        await using var transport = new RawTransport(kind);
        await using var listener = await RawListener.BindAsync(transport);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            Assert.Null(server.Features.Get<Microsoft.AspNetCore.Http.Features.ITlsConnectionFeature>());
            Assert.Contains(server.Features.Get<Microsoft.AspNetCore.Connections.Features.IMemoryPoolFeature>()?.MemoryPool, transport.Pools.Created);
        }
    }

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "15")]
    public async Task Pool_ConnectionsAndListenerDisposed_HasAllBlocksAndIsDisposed(TransportKind kind)
    {
        RecordingMemoryPoolFactory pools;
        await using (var listener = await RawListener.BindAsync(kind))
        {
            pools = listener.Pools;
            for (var i = 0; i < 10; i++)
            {
                var (client, server) = await listener.ConnectAsync();
                using (client)
                await using (server)
                {
                    await client.SendAsync(new byte[20_000]);
                    var result = await server.Transport.Input.ReadAtLeastAsync(20_000).WithTimeout();
                    server.Transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                    server.Transport.Output.GetSpan(9000);
                    await server.WriteTextAsync("answer");
                }
            }
        }

        await Waiting.UntilAsync(() => pools.Created.All(pool => pool.IsDisposed && pool.BlocksOut == 0));
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "15")]
    public async Task Pool_BlockStillOut_IsDisposedOnlyAfterItCameBack(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        {
            await client.SendAsync("held");
            var result = await server.Transport.Input.ReadAtLeastAsync(4).WithTimeout();
            await listener.DisposeAsync();
            Assert.Contains(listener.Pools.Created, pool => pool.BlocksOut > 0 && !pool.IsDisposed);

            server.Transport.Input.AdvanceTo(result.Buffer.End);
            await server.DisposeAsync().WithTimeout();
            await Waiting.UntilAsync(() => listener.Pools.Created.All(pool => pool.IsDisposed));
            Assert.All(listener.Pools.Created, pool => Assert.Equal(0, pool.BlocksOutAtDispose));
        }
    }
}
