using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>
/// The server stops when clients have sent what comes in front of the first request: a ClientHello or a PROXY line. Alone: only a client that
/// is done within the hold may count on its answer.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class StopBeforeTheFirstRequestTests
{
    private const int Clients = 10;
    private const int MaxRounds = 10;
    private const string Request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private const string Preface = "PROXY TCP4 192.0.2.1 192.0.2.2 1111 80\r\n";

    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(250);

    /// <summary>A server that did not hold on would have let go by then.</summary>
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(50);

    private sealed record Outcome(bool Answered, TimeSpan Took);

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "9")]
    public Task Stop_OnlyTheClientHelloHasCome_TheRequestIsAnswered(TransportKind kind) => ExpectAnswersAsync(kind, isTls: true, replaces: false);

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "9")]
    public Task Stop_OnlyThePrefaceHasComeAndItsReaderReplacesTheTransport_TheRequestIsAnswered(TransportKind kind)
        => ExpectAnswersAsync(kind, isTls: false, replaces: true);

    /// <summary>As documented: it can't be told from an application that has read its request. So with the default transport.</summary>
    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "9")]
    public async Task Stop_OnlyThePrefaceHasComeAndItsReaderLeavesTheTransport_CountsAsRead(TransportKind kind)
    {
        TimeSpan fastest = TimeSpan.MaxValue;
        for (int round = 0; round < MaxRounds && fastest >= Bound * 0.6; round++)
        {
            Stage stage = new();
            await using TestHost host = await StartAsync(kind, stage, isTls: false, replaces: false);
            using RawClient client = await RawClient.ConnectAsync(host.EndPoint);
            await client.SendAsync(Preface);
            await stage.AllCame.PassAsync(count: 1);
            Stopwatch clock = Stopwatch.StartNew();
            Task stopping = host.App.StopAsync();

            Assert.Empty(await client.ReadToEndAsync()); // a FIN, no reset: the client may try again

            fastest = clock.Elapsed < fastest ? clock.Elapsed : fastest;
            await stopping.WithTimeout();
        }

        Assert.True(fastest < Bound * 0.6, $"The fastest took {fastest.TotalMilliseconds} ms");
    }

    private static async Task ExpectAnswersAsync(TransportKind kind, bool isTls, bool replaces)
    {
        int inTime = 0;
        for (int round = 0; round < MaxRounds && inTime < Clients; round++)
        {
            Outcome[] outcomes = await StopAmidstAsync(kind, isTls, replaces);

            // Who took longer, on a busy machine, may have been let go.
            Outcome[] prompt = [.. outcomes.Where(outcome => outcome.Took < Bound)];
            Assert.All(prompt, outcome => Assert.True(outcome.Answered, $"Cut after {outcome.Took.TotalMilliseconds} ms"));
            inTime += prompt.Length;
        }

        Assert.True(inTime >= Clients, $"Only {inTime} clients were done within {Bound.TotalMilliseconds} ms");
    }

    /// <summary>All clients send what comes in front, the server stops, then they go on.</summary>
    private static async Task<Outcome[]> StopAmidstAsync(TransportKind kind, bool isTls, bool replaces)
    {
        Stage stage = new();
        await using TestHost host = await StartAsync(kind, stage, isTls, replaces);
        Task<Outcome>[] clients = [.. Enumerable.Range(0, Clients).Select(_ => Task.Run(() => isTls ? OverTlsAsync(host) : BehindAProxyAsync(host, stage)))];
        await stage.AllCame.PassAsync(Clients);
        Task stopping = host.App.StopAsync();
        Stopwatch sinceStop = Stopwatch.StartNew();
        await Waiting.UntilAsync(() => sinceStop.Elapsed > HeadStart);
        stage.GoOn.Open();
        Outcome[] outcomes = await Task.WhenAll(clients).WithTimeout();
        await stopping.WithTimeout();
        return outcomes;
    }

    private static Task<TestHost> StartAsync(TransportKind kind, Stage stage, bool isTls, bool replaces) => TestHost.StartAsync(
        kind,
        app => app.Run(context => context.Response.WriteAsync("answer")),
        kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (isTls)
            {
                listen.UseHttps(
                    async (stream, hello, state, cancellation) =>
                    {
                        stage.AllCame.Count();
                        await stage.GoOn.PassAsync();
                        return new SslServerAuthenticationOptions { ServerCertificate = TestCertificates.Server };
                    },
                    state: new object());
            }
            else
            {
                listen.Use(next => connection => ReadPrefaceAsync(connection, stage, replaces, next));
            }
        }));

    private static async Task ReadPrefaceAsync(ConnectionContext connection, Stage stage, bool replaces, ConnectionDelegate next)
    {
        IDuplexPipe below = connection.Transport;
        if (replaces)
        {
            connection.Transport = new Replacement(below);
        }

        while (true)
        {
            ReadResult read = await below.Input.ReadAsync();
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                below.Input.AdvanceTo(read.Buffer.GetPosition(1, end));
                break;
            }

            below.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }

        stage.AllCame.Count();
        await next(connection);
    }

    private static async Task<Outcome> OverTlsAsync(TestHost host)
    {
        Stopwatch clock = Stopwatch.StartNew();
        using RawClient client = await RawClient.ConnectAsync(host.EndPoint);
        try
        {
            await using SslStream tls = new(new NetworkStream(client.Socket), leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
            await tls.AuthenticateAsClientAsync("localhost").WithTimeout();
            await tls.WriteAsync(Encoding.ASCII.GetBytes(Request)).WithTimeout();
            byte[] answer = new byte[1024];
            int count = await tls.ReadAsync(answer).WithTimeout();
            return new Outcome(IsAnswer(answer.AsSpan(0, count)), clock.Elapsed);
        }
        catch (IOException)
        {
            return new Outcome(Answered: false, clock.Elapsed);
        }
    }

    private static async Task<Outcome> BehindAProxyAsync(TestHost host, Stage stage)
    {
        Stopwatch clock = Stopwatch.StartNew();
        using RawClient client = await RawClient.ConnectAsync(host.EndPoint);
        try
        {
            await client.SendAsync(Preface);
            await stage.GoOn.PassAsync();
            await client.SendAsync(Request);
            byte[] answer = new byte[1024];
            int count = await client.Socket.ReceiveAsync(answer).WithTimeout();
            return new Outcome(IsAnswer(answer.AsSpan(0, count)), clock.Elapsed);
        }
        catch (SocketException)
        {
            return new Outcome(Answered: false, clock.Elapsed);
        }
    }

    private static bool IsAnswer(ReadOnlySpan<byte> bytes) => bytes.StartsWith("HTTP/1.1 200"u8);

    /// <summary>Where the server holds until all have come, and the clients until the server stops.</summary>
    private sealed class Stage
    {
        public Counter AllCame { get; } = new();

        public Gate GoOn { get; } = new();
    }

    private sealed class Counter
    {
        private int _count;

        public void Count() => Interlocked.Increment(ref _count);

        public Task PassAsync(int count) => Waiting.UntilAsync(() => Volatile.Read(ref _count) >= count);
    }

    private sealed class Replacement(IDuplexPipe below) : IDuplexPipe
    {
        public PipeReader Input => below.Input;

        public PipeWriter Output => below.Output;
    }
}
