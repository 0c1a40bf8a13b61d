using System.Net;
using System.Net.Sockets;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Diagnostics;

/// <summary>What listeners tell: who waits, what the kernel's queue holds and drops, and why accepting failed.</summary>
public class ListenerMetricsTests
{
    [Fact]
    public async Task Waiting_NobodyTakes_CountsUntilTheyAreHandedOut()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        using RawClient first = await RawClient.ConnectAsync(transport.EndPoint);
        using RawClient second = await RawClient.ConnectAsync(transport.EndPoint);
        await transport.UntilAsync("listener.waiting", 2, ("server.port", ((IPEndPoint)transport.EndPoint).Port), ("network.transport", "tcp"), ("network.type", "ipv4"), ("server.address", "127.0.0.1"));

        await using var taken = await transport.AcceptAsync();

        Assert.Equal(1, transport.Meter.Read("listener.waiting"));
    }

    /// <summary>The acceptor finds no descriptor, so that the kernel's queue fills.</summary>
    [Fact]
    public async Task Accept_DescriptorsRunOut_TellsTheErrorTheQueueAndWhatItDropped()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync(configure: options => options.Backlog = 1);
        transport.Kernel.OnAccept.FailAlways(Errno.EMFILE);
        List<Socket> clients = [];
        try
        {
            for (int i = 0; i < 4; i++) // one more than the backlog fits; the others' handshakes are dropped
            {
                Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                clients.Add(client);
                _ = client.ConnectAsync(transport.EndPoint).ContinueWith(static task => task.Exception, TaskScheduler.Default);
            }

            await transport.UntilAsync("listener.queue.length", 2);
            await Waiting.UntilAsync(() => transport.Meter.Read("listener.queue.drops") > 0);
            await Waiting.UntilAsync(() => transport.Meter.Read("listener.accept_errors", ("error.type", "EMFILE")) > 0);
            Assert.Equal(1, transport.Meter.Read("listener.queue.limit"));
            EpollListenerSnapshot listener = Assert.Single(transport.Diagnostics.Capture().Listeners);
            Assert.Equal(2, listener.QueueLength);
            Assert.True(listener.QueueDrops > 0);
            Assert.Equal("EMFILE", Assert.Single(listener.AcceptErrors).Key);
        }
        finally
        {
            transport.Kernel.OnAccept.Recover();
            clients.ForEach(static client => client.Dispose());
        }
    }

    /// <summary>Errors of single connections, which nobody is warned about, are counted, too.</summary>
    [Fact]
    public async Task Accept_OneConnectionFailed_IsCountedByItsError()
    {
        await using MeteredTransport transport = await MeteredTransport.BindAsync();
        transport.Kernel.OnAccept.Fail(Errno.ECONNABORTED, Errno.EPERM);

        (RawClient client, var server) = await transport.ConnectAsync();

        using (client)
        {
            Assert.Equal(1, transport.Meter.Read("listener.accept_errors", ("error.type", "ECONNABORTED")));
            Assert.Equal(1, transport.Meter.Read("listener.accept_errors", ("error.type", "EPERM")));
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Fact]
    public async Task UnixSocket_AnyTime_HasNoQueueFigures()
    {
        using TempSocketPath path = new();
        await using MeteredTransport transport = await MeteredTransport.BindAsync(endPoint: path.EndPoint);
        (RawClient client, var server) = await transport.ConnectAsync();
        using (client)
        {
            Assert.Empty(transport.Meter.Measure("listener.queue.length"));
            var waiting = Assert.Single(transport.Meter.Measure("listener.waiting"));
            Assert.Equal(path.Path, waiting.Tags["server.address"]);
            Assert.Equal("unix", waiting.Tags["network.transport"]);
            await server.DisposeAsync().WithTimeout();
        }
    }

    [Fact]
    public async Task Listener_Disposed_IsListedNoMore()
    {
        MeteredTransport transport = await MeteredTransport.BindAsync();
        Assert.Single(transport.Diagnostics.Capture().Listeners);

        await transport.DisposeAsync();

        Assert.Empty(transport.Diagnostics.Capture().Listeners);
    }
}
