using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Transport.Epoll.Bench.Limits;

/// <summary>What the transport costs by itself: connections through its public interface, pipes included, answered with canned bytes, inline.</summary>
internal static class BareTransportServer
{
    public static async Task RunAsync(int port, int loops, CancellationToken stop)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddEpollTransport(options =>
        {
            options.LoopCount = loops;
            options.Scheduling = EpollScheduling.Inline;
        });
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetServices<IConnectionListenerFactory>().Last();
        await using var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
        try
        {
            while (await listener.AcceptAsync(stop) is { } connection)
            {
                _ = ServeAsync(connection);
            }
        }
        catch (OperationCanceledException)
        {
            // The benchmark ends it.
        }
    }

    private static async Task ServeAsync(ConnectionContext connection)
    {
        await using (connection)
        {
            try
            {
                await AnswerAsync(connection.Transport);
            }
            catch (Exception e) when (e is IOException or ConnectionAbortedException)
            {
                // The client went away.
            }
        }
    }

    private static async Task AnswerAsync(IDuplexPipe transport)
    {
        var counter = default(RequestCounter);
        while (true)
        {
            var read = await transport.Input.ReadAsync();
            var requests = 0;
            foreach (var segment in read.Buffer)
            {
                requests += counter.Count(segment.Span);
            }

            transport.Input.AdvanceTo(read.Buffer.End);
            for (; requests > 0; requests--)
            {
                transport.Output.Write(LimitServer.Answer.Span);
            }

            if ((await transport.Output.FlushAsync()).IsCompleted || read.IsCompleted)
            {
                return;
            }
        }
    }
}
