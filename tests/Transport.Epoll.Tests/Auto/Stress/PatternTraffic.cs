using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>
/// Clients that send, pipelined and in segments of random size, bytes that each depend on their connection and position, and compare what comes
/// back: a byte that is lost, repeated or out of order shows. One thread for all of them.
/// </summary>
internal sealed class PatternTraffic : IDisposable
{
    /// <summary>Between two rounds: the server gets the processor, and a client finds several of its sends at once.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(1);

    private readonly Client[] _clients;

    /// <param name="endPoints">One for each client.</param>
    /// <param name="maxOnTheWay">So many bytes of a connection are on their way at most.</param>
    public PatternTraffic(IEnumerable<EndPoint> endPoints, int maxOnTheWay)
        => _clients = [.. endPoints.Select((endPoint, i) => new Client(endPoint, i, maxOnTheWay))];

    public long BytesEchoed => _clients.Sum(client => client.Received);

    /// <summary>Runs until the condition holds, then sends FINs and reads to those of the server. Throws at the first wrong byte, or when nothing comes any more.</summary>
    public void Run(Func<bool> isDone)
    {
        var open = new List<Client>(_clients);
        var stopping = false;
        var lastProgress = Stopwatch.StartNew();
        while (open.Count > 0)
        {
            if (!stopping && isDone())
            {
                stopping = true;
                open.ForEach(client => client.Stop());
            }

            var progress = false;
            for (var i = open.Count - 1; i >= 0; i--)
            {
                progress |= open[i].Step();
                if (open[i].HasEnded)
                {
                    open.RemoveAt(i);
                }
            }

            if (progress)
            {
                lastProgress.Restart();
            }
            else if (lastProgress.Elapsed > Waiting.Limit)
            {
                Assert.Fail($"Nothing comes any more: {string.Join(", ", open)}\n{LoopStates.Dump()}");
            }

            Thread.Sleep(Pace);
        }
    }

    public void Dispose()
    {
        foreach (var client in _clients)
        {
            client.Socket.Dispose();
        }
    }

    private sealed class Client
    {
        private const int MaxSegment = 32 * 1024;

        private readonly int _maxOnTheWay;
        private readonly byte[] _buffer;
        private readonly ulong _seed;
        private readonly Random _random;
        private bool _stopped;
        private long _sent;

        public Client(EndPoint endPoint, int number, int maxOnTheWay)
        {
            _maxOnTheWay = maxOnTheWay;
            _buffer = new byte[maxOnTheWay];
            _seed = (ulong)number << 40;
            _random = new Random(number);
            Socket = endPoint is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            Socket.Connect(endPoint);
            Socket.Blocking = false;
        }

        public Socket Socket { get; }

        public long Received { get; private set; }

        public bool HasEnded { get; private set; }

        public void Stop()
        {
            _stopped = true;
            Socket.Shutdown(SocketShutdown.Send);
        }

        /// <summary>Receives what is there, and sends a segment if there is room for one. False if neither.</summary>
        public bool Step()
        {
            var received = Socket.Receive(_buffer, SocketFlags.None, out var error);
            if (error != SocketError.WouldBlock)
            {
                Assert.Equal(SocketError.Success, error);
                Check(received);
            }

            return TrySend() || error == SocketError.Success;
        }

        public override string ToString() => $"{Socket.AddressFamily}: {Received} of {_sent} bytes came back";

        private void Check(int received)
        {
            for (var i = 0; i < received; i++)
            {
                if (_buffer[i] != At(Received + i))
                {
                    Assert.Fail($"{this}, and the byte {i} after these is wrong");
                }
            }

            Received += received;
            if (received == 0)
            {
                HasEnded = true;
                Assert.True(_stopped && Received == _sent, $"{this}, then a FIN");
            }
        }

        private bool TrySend()
        {
            // At least a quarter of what may be on the way, so that the client needs few calls.
            var room = _maxOnTheWay - (int)(_sent - Received);
            if (_stopped || room < _maxOnTheWay / 4)
            {
                return false;
            }

            var segment = _buffer.AsSpan(0, _random.Next(1, Math.Min(room, MaxSegment) + 1));
            for (var i = 0; i < segment.Length; i++)
            {
                segment[i] = At(_sent + i);
            }

            _sent += Socket.Send(segment, SocketFlags.None, out var error);
            return error == SocketError.Success;
        }

        private byte At(long position) => (byte)(((_seed + (ulong)position) * 0x9E3779B97F4A7C15) >> 56);
    }
}
