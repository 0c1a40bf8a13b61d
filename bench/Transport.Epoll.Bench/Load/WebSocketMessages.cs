using System.Net.WebSockets;

namespace Transport.Epoll.Bench.Load;

/// <summary>Sends a message through a <see cref="ClientWebSocket"/> and waits for its echo.</summary>
internal sealed class WebSocketMessages(Uri address, int length) : IClient
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _message = new byte[length];
    private readonly byte[] _answer = new byte[length + 1];
    private byte _sent;

    public async Task RequestAsync(CancellationToken cancellation)
    {
        if (_socket.State == WebSocketState.None)
        {
            await _socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws" }.Uri, cancellation);
        }

        // Each message differs from the one before, so that a lost or repeated one is seen.
        _message.AsSpan().Fill(++_sent);
        await _socket.SendAsync(_message.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, cancellation);
        var received = 0;
        ValueWebSocketReceiveResult result;
        do
        {
            result = await _socket.ReceiveAsync(_answer.AsMemory(received), cancellation);
            received += result.Count;
        }
        while (!result.EndOfMessage);

        if (!_answer.AsSpan(0, received).SequenceEqual(_message))
        {
            throw new WebSocketException("The echo is not the message.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        using (_socket)
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
        {
            if (_socket.State == WebSocketState.Open)
            {
                await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
            }
        }
    }
}
