using System.Net.Sockets;
using System.Text;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Load;

/// <summary>Sends the path of its address as a line to the sample's connection handler, on the server's unix socket, and waits for the answer.</summary>
internal sealed class Lines(Uri address) : IClient
{
    private readonly byte[] _line = Encoding.ASCII.GetBytes(address.AbsolutePath + "\n");
    private readonly byte[] _expected = Encoding.ASCII.GetBytes(Answer(address.AbsolutePath) + "\n");
    private readonly byte[] _answer = new byte[256];
    private NetworkStream? _stream;

    public async Task RequestAsync(CancellationToken cancellation)
    {
        _stream ??= await UnixSocket.ConnectAsync(UnixSocket.PathOf(address.Port), cancellation);
        await _stream.WriteAsync(_line, cancellation);
        var length = await _stream.ReadAtLeastAsync(_answer, _expected.Length, throwOnEndOfStream: false, cancellation);
        if (!_answer.AsSpan(0, length).SequenceEqual(_expected))
        {
            throw new IOException($"The line is answered '{Encoding.ASCII.GetString(_answer, 0, length)}'.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }
    }

    private static string Answer(string line) => line.StartsWith("/block/", StringComparison.Ordinal) ? $"blocked {line["/block/".Length..]} ms" : line;
}
