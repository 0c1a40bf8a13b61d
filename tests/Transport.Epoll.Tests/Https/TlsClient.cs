using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

/// <summary>A client that trusts any certificate and shows what goes over the wire beneath TLS.</summary>
internal sealed class TlsClient : IAsyncDisposable
{
    private readonly Socket _socket;

    private TlsClient(Socket socket, WireStream wire, SslStream tls)
    {
        _socket = socket;
        Wire = wire;
        Tls = tls;
    }

    public WireStream Wire { get; }

    public SslStream Tls { get; }

    public static async Task<TlsClient> ConnectAsync(TestHost host, Action<SslClientAuthenticationOptions>? configure = null, bool dribbles = false, int? receiveBuffer = null,
        Action? beforeAnswer = null)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } size)
        {
            socket.ReceiveBufferSize = size;
        }

        await socket.ConnectAsync(host.EndPoint).WithTimeout();
        WireStream wire = new(new NetworkStream(socket, ownsSocket: true)) { Dribbles = dribbles, BeforeAnswer = beforeAnswer };
        SslStream tls = new(wire);
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        };
        configure?.Invoke(options);
        await tls.AuthenticateAsClientAsync(options).WithTimeout();
        return new TlsClient(socket, wire, tls);
    }

    public Task SendAsync(string text) => Tls.WriteAsync(Encoding.ASCII.GetBytes(text)).WithTimeout();

    public Task GetAsync(string path, bool close = true)
        => SendAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\n{(close ? "Connection: close\r\n" : "")}\r\n");

    /// <summary>Until the server ends its side.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[64 * 1024];
        for (int read; (read = await Tls.ReadAsync(buffer).WithTimeout()) > 0;)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    public async Task<string> ReadTextToEndAsync() => Encoding.ASCII.GetString(await ReadToEndAsync());

    /// <summary>FIN without close_notify.</summary>
    public void Fin() => _socket.Shutdown(SocketShutdown.Send);

    public ValueTask DisposeAsync() => Tls.DisposeAsync();

    public static X509Certificate2Collection Certificates(X509Certificate2 certificate) => [certificate];
}

/// <summary>The wire between a client's SslStream and its socket: counts the records that come, and sends a byte at a time if told to.</summary>
/// <remarks>One reader and one writer.</remarks>
internal sealed class WireStream(Stream inner) : Stream
{
    private const int HeaderLength = 5;

    private readonly byte[] _header = new byte[HeaderLength];
    private int _headerFilled;
    private int _bodyLeft;

    public bool Dribbles { get; set; }

    /// <summary>Done once when the server's first bytes have come, before the client has seen them: in the middle of the handshake.</summary>
    public Action? BeforeAnswer { get; set; }

    /// <summary>What is left of the next write after so many bytes is not sent.</summary>
    public int? Cut { get; set; }

    /// <summary>The lengths of the records that came so far.</summary>
    public List<int> Records { get; } = [];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await inner.ReadAsync(buffer, cancellationToken);
        BeforeAnswer?.Invoke();
        BeforeAnswer = null;
        Count(buffer.Span[..read]);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Cut is { } cut)
        {
            buffer = buffer[..Math.Min(cut, buffer.Length)];
        }

        int step = Dribbles ? 1 : Math.Max(1, buffer.Length);
        for (; buffer.Length > 0; buffer = buffer[step..])
        {
            await inner.WriteAsync(buffer[..step], cancellationToken);
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }

    private void Count(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_bodyLeft > 0)
            {
                int body = Math.Min(_bodyLeft, bytes.Length);
                _bodyLeft -= body;
                bytes = bytes[body..];
                continue;
            }

            _header[_headerFilled++] = bytes[0];
            bytes = bytes[1..];
            if (_headerFilled == HeaderLength)
            {
                _headerFilled = 0;
                _bodyLeft = (_header[3] << 8) | _header[4];
                Records.Add(_bodyLeft);
            }
        }
    }
}
