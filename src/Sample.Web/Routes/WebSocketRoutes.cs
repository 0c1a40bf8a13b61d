using System.Net.WebSockets;

namespace Sample.Web.Routes;

/// <summary><c>/ws</c>: sends every WebSocket message back.</summary>
internal static class WebSocketRoutes
{
    private const int BufferSize = 16 * 1024;

    /// <summary>How long a client may take to answer the close frame when the app stops.</summary>
    private static readonly TimeSpan s_closeTimeout = TimeSpan.FromSeconds(2);

    public static void MapWebSocketEcho(this IEndpointRouteBuilder routes)
    {
        // Not MapGet: over HTTP/2 a WebSocket opens with CONNECT (RFC 8441).
        routes.Map("/ws", async (HttpContext context, IHostApplicationLifetime lifetime) =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                await context.Response.WriteAsync("/ws takes WebSocket requests only.\n", context.RequestAborted);
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            try
            {
                await EchoAsync(socket, lifetime.ApplicationStopping);
            }
            catch (WebSocketException)
            {
                // The client went away without a close frame; there is nobody left to tell.
            }
        });
    }

    private static async Task EchoAsync(WebSocket socket, CancellationToken stopping)
    {
        var buffer = new byte[BufferSize];
        while (true)
        {
            // The receive itself is not cancelled: that would abort the connection instead of closing it.
            var receive = socket.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None);
            try
            {
                await receive.WaitAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                await GoAwayAsync(socket, receive);
                return;
            }

            var result = await receive;
            if (result.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(result.CloseStatus ?? WebSocketCloseStatus.NormalClosure, result.CloseStatusDescription, CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, result.Count), result.MessageType, result.EndOfMessage, CancellationToken.None);
        }
    }

    /// <summary>Says goodbye and gives the client a moment to do so too.</summary>
    private static async Task GoAwayAsync(WebSocket socket, Task receive)
    {
        await socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "The server stops.", CancellationToken.None);
        try
        {
            await receive.WaitAsync(s_closeTimeout);
        }
        catch (TimeoutException)
        {
            socket.Abort();
        }
    }
}
