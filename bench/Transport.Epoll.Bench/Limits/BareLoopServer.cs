using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Listening;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.Bench.Limits;

/// <summary>What the event loop costs by itself: no pipes and no connection objects; each connection receives and sends in the loop's callback.</summary>
internal static class BareLoopServer
{
    private const int Backlog = 4096;
    private const int SpinMicroseconds = 30;

    public static async Task RunAsync(int port, int loops, CancellationToken stop)
    {
        var sockets = ListenSocket.Bind(Kernel.Linux, new IPEndPoint(IPAddress.Loopback, port), loops, Backlog, noDelay: true);
        var group = EventLoopFactory.CreateGroup(Kernel.Linux, loops, SpinMicroseconds, affinity: null, auto: null, new SchedulingCounters(), NullLogger.Instance, static () => { });
        for (var i = 0; i < loops; i++)
        {
            var (loop, number) = (group.Loops[i], sockets[i].Descriptor.Number);
            loop.Post(_ => loop.Register(number, new Listener(loop, number), EpollEvents.In, out ulong _).ThrowIfFailed(), null);
        }

        await Task.Delay(Timeout.Infinite, stop).ContinueWith(static _ => { }, TaskScheduler.Default);
        group.Release();
    }

    /// <summary>Lease holder only.</summary>
    private sealed class Listener(EventLoop loop, int number) : IEventHandler
    {
        public void OnEvents(EpollEvents events)
        {
            Span<byte> address = stackalloc byte[128];
            while (Kernel.Linux.Accept(number, address, out var _) is { IsOk: true } accepted)
            {
                var connection = new Connection(loop, accepted.Value);
                loop.Register(accepted.Value, connection, EpollEvents.In | EpollEvents.RdHup, out var token).ThrowIfFailed();
                connection.Token = token;
            }
        }

        public void OnFault(Exception exception) => Environment.FailFast("The listener failed.", exception);
    }

    /// <summary>Lease holder only.</summary>
    private sealed class Connection(EventLoop loop, int number) : IEventHandler
    {
        /// <summary>So many blank lines fit into one receive.</summary>
        private const int MaxRequests = (16 * 1024 / 4) + 1;

        [ThreadStatic]
        private static byte[]? t_in;

        [ThreadStatic]
        private static byte[]? t_out;

        private RequestCounter _counter;

        public ulong Token { get; set; }

        public void OnEvents(EpollEvents events)
        {
            Span<byte> input = t_in ??= new byte[16 * 1024];
            while (true)
            {
                var received = Kernel.Linux.Receive(number, input);
                if (!received.IsOk && (received.IsWouldBlock || received.IsInterrupted))
                {
                    return;
                }

                if (!received.IsOk || received.Value == 0 || !Answer(_counter.Count(input[..received.Value])))
                {
                    Close();
                    return;
                }

                // A receive that left room has drained the socket; what comes later is another edge (epoll(7)).
                if (received.Value < input.Length && (events & (EpollEvents.RdHup | EpollEvents.Hup | EpollEvents.Err)) == 0)
                {
                    return;
                }
            }
        }

        public void OnFault(Exception exception) => Close();

        /// <summary>False when the peer is gone, or does not read: a client of this benchmark always does.</summary>
        private bool Answer(int requests)
        {
            var answer = LimitServer.Answer.Span;
            var output = t_out ??= new byte[MaxRequests * answer.Length];
            for (var i = 0; i < requests; i++)
            {
                answer.CopyTo(output.AsSpan(i * answer.Length));
            }

            for (var rest = output.AsSpan(0, requests * answer.Length); rest.Length > 0;)
            {
                var sent = Kernel.Linux.Send(number, rest);
                if (!sent.IsOk)
                {
                    return false;
                }

                rest = rest[sent.Value..];
            }

            return true;
        }

        private void Close()
        {
            loop.Unregister(number);
            loop.Forget(Token);
            Kernel.Linux.Close(number);
        }
    }
}
