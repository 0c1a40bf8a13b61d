using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>A connection keeps nothing of what the application's <see cref="AsyncLocal{T}"/>s held while it called in.</summary>
public sealed class CapturedContextTests
{
    private static readonly AsyncLocal<object?> Local = new();

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "29")]
    public async Task Connection_UsedAndIdle_HoldsNoAsyncLocalOfItsUser(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            WeakReference value = await UseAsync(client, server);
            await Waiting.UntilAsync(() =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !value.IsAlive;
            });
            await client.SendAsync("more"); // the connection is there all the time
            await server.ExpectTextAsync("more");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> UseAsync(RawClient client, ConnectionContext server)
    {
        return await Task.Run(async () =>
        {
            object value = new();
            Local.Value = value;
            Task reading = server.ExpectTextAsync("ping");
            await client.SendAsync("ping");
            await reading;
            await server.WriteTextAsync("pong"); // perhaps sent in place
            await client.ReadAsync(4);
            await server.Transport.Output.WriteAsync(new byte[64 * 1024]).WithTimeout(); // large: the next ones are
            await client.ReadAsync(64 * 1024);
            await server.WriteTextAsync("pong");
            await client.ReadAsync(4);
            Assert.NotNull(server.Features.Get<IConnectionSocketFeature>()!.Socket);
            return new WeakReference(value);
        });
    }
}
