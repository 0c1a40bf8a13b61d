using System.Net.Sockets;

namespace Transport.Epoll.Tests.Connections.Properties;

/// <summary>The peer's end of a modelled connection: it never blocks, and compares what it receives.</summary>
internal sealed class ModelledClient
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Socket _socket;
    private readonly bool _isUnix;
    private bool _closed;
    private bool _ended;

    // A send met the reset: the kernel tells of it once, and a later receive finds a mere end.
    private bool _sawReset;

    public ModelledClient(Socket socket, ByteStream incoming, bool isUnix)
    {
        _socket = socket;
        _isUnix = isUnix;
        Incoming = incoming;
        socket.Blocking = false;
    }

    /// <summary>The bytes from the server.</summary>
    public ByteStream Incoming { get; }

    public bool HasSentFin { get; private set; }

    public void Send(ByteStream outgoing, int count, bool cut)
    {
        if (HasSentFin || _closed)
        {
            return;
        }

        int sent = _socket.Send(outgoing.Next(count), SocketFlags.None, out SocketError error);
        ContractBrokenException.Unless(error is SocketError.Success or SocketError.WouldBlock || cut, $"the client's send failed with {error}");
        _sawReset |= error is not (SocketError.Success or SocketError.WouldBlock);
        outgoing.Commit(error == SocketError.Success ? sent : 0);
    }

    public void Receive(int count, bool cut, bool aborted)
    {
        if (_closed || _ended)
        {
            return;
        }

        int received = _socket.Receive(_buffer.AsSpan(0, Math.Min(count, _buffer.Length)), SocketFlags.None, out SocketError error);
        if (error != SocketError.WouldBlock)
        {
            OnReceived(received, error, cut, aborted);
        }
    }

    /// <summary>Receives to the end, whatever it is.</summary>
    public async Task ReceiveAllAsync(Func<bool> cut, Func<bool> aborted)
    {
        while (!_closed && !_ended)
        {
            int received = 0;
            SocketError error = SocketError.Success;
            try
            {
                received = await _socket.ReceiveAsync(_buffer);
            }
            catch (SocketException exception)
            {
                error = exception.SocketErrorCode;
            }

            OnReceived(received, error, cut(), aborted());
        }
    }

    public void Fin()
    {
        if (!HasSentFin && !_closed)
        {
            HasSentFin = true;
            try
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // Reset meanwhile: what came before is checked all the same.
            }
        }
    }

    public void Reset()
    {
        if (!_closed)
        {
            _closed = true;
            _socket.LingerState = new LingerOption(true, 0);
            _socket.Close();
        }
    }

    public override string ToString() => $"{Incoming}{(HasSentFin ? ", sent FIN" : "")}{(_closed ? ", reset" : "")}{(_ended ? ", saw the end" : "")}";

    private void OnReceived(int received, SocketError error, bool cut, bool aborted)
    {
        if (error == SocketError.Success && received > 0)
        {
            Incoming.Take(_buffer.AsSpan(0, received), received);
            return;
        }

        _ended = true;
        if (error == SocketError.Success)
        {
            // An aborted unix socket can't but say FIN (unix(7) has no reset).
            ContractBrokenException.Unless(Incoming.IsEmpty || _sawReset || (_isUnix && aborted), $"FIN, but not all came: {this}");
        }
        else
        {
            ContractBrokenException.Unless(cut, $"the client got {error}: {this}");
        }
    }
}
