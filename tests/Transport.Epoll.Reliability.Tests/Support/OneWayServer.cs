using System.Net;
using System.Net.Sockets;

namespace Transport.Epoll.Reliability.Tests.Support;

/// <summary>A server that treats every connection in the same wrong way, until it is disposed and refuses them.</summary>
internal sealed class OneWayServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Socket, Task> _treat;
    private readonly Task _loop;

    public OneWayServer(Func<Socket, Task> treat)
    {
        _treat = treat;
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _loop = Task.Run(LoopAsync);
    }

    public IPEndPoint EndPoint { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _loop;
    }

    private async Task LoopAsync()
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptSocketAsync();
                await socket.ReceiveAsync(new byte[1000]);
                await _treat(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed, which accepting tells in one of these ways.
        }
    }
}
