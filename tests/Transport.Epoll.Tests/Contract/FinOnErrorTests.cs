using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>The switch that brings back FIN for aborted connections. Alone, since a switch is of the whole process.</summary>
[Collection(RunsAlone.Name)]
public sealed class FinOnErrorTests
{
    private const string Switch = "Microsoft.AspNetCore.Server.Kestrel.FinOnError";

    /// <remarks>The default transport reads the switch once in a process, before any test could set it.</remarks>
    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "23")]
    public async Task Abort_SwitchIsOn_SendsFin(TransportKind kind)
    {
        AppContext.SetSwitch(Switch, true);
        try
        {
            await using var listener = await RawListener.BindAsync(kind);
            var (client, server) = await listener.ConnectAsync();
            using (client)
            {
                server.Abort(new ConnectionAbortedException("with a FIN"));
                await server.DisposeAsync().WithTimeout();
                Assert.Empty(await client.ReadToEndAsync());
            }
        }
        finally
        {
            AppContext.SetSwitch(Switch, false);
        }
    }
}
