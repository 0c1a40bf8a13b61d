using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Transport.Epoll.Tests.Support;

/// <summary>The transports that one test source runs against.</summary>
public enum TransportKind
{
    Sockets,
    EpollAuto,
    EpollInline,
    EpollThreadPool,
}

/// <summary>Theory data: the default transport and all scheduling modes of ours.</summary>
public sealed class AllTransports : TheoryData<TransportKind>
{
    public AllTransports()
    {
        Add(TransportKind.Sockets);
        Add(TransportKind.EpollAuto);
        Add(TransportKind.EpollInline);
        Add(TransportKind.EpollThreadPool);
    }
}

/// <summary>Theory data for promises that the default transport does not make.</summary>
public sealed class EpollTransports : TheoryData<TransportKind>
{
    public EpollTransports()
    {
        Add(TransportKind.EpollAuto);
        Add(TransportKind.EpollInline);
        Add(TransportKind.EpollThreadPool);
    }
}

/// <summary>The settings that both transports have; what is left out keeps its default.</summary>
internal sealed record TransportTuning
{
    public long? MaxReadBufferSize { get; init; } = 1024 * 1024;

    public long? MaxWriteBufferSize { get; init; } = 64 * 1024;

    public int LoopCount { get; init; } = 2;
}

internal static class TransportKindExtensions
{
    private static readonly TransportTuning DefaultTuning = new();

    public static bool IsEpoll(this TransportKind kind) => kind != TransportKind.Sockets;

    /// <summary>The log category of the transport's connections.</summary>
    public static string Category(this TransportKind kind) =>
        kind.IsEpoll() ? "Transport.Epoll" : "Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets";

    public static IWebHostBuilder UseTransport(this IWebHostBuilder builder, TransportKind kind, TransportTuning? tuning = null)
    {
        return kind.IsEpoll()
            ? builder.UseEpollTransport(options => Apply(kind, tuning ?? DefaultTuning, options))
            : builder.UseSockets(options => Apply(tuning ?? DefaultTuning, options));
    }

    /// <summary>Registers the transport where there is no web host.</summary>
    public static IServiceCollection AddTransport(this IServiceCollection services, TransportKind kind, TransportTuning? tuning = null)
    {
        if (kind.IsEpoll())
        {
            return services.AddEpollTransport(options => Apply(kind, tuning ?? DefaultTuning, options));
        }

        new ServicesOnlyWebHostBuilder(services).UseSockets(options => Apply(tuning ?? DefaultTuning, options));
        return services;
    }

    private static void Apply(TransportKind kind, TransportTuning tuning, EpollTransportOptions options)
    {
        options.Scheduling = kind switch
        {
            TransportKind.EpollAuto => EpollScheduling.Auto,
            TransportKind.EpollInline => EpollScheduling.Inline,
            _ => EpollScheduling.ThreadPool,
        };
        options.LoopCount = tuning.LoopCount;
        options.MaxReadBufferSize = tuning.MaxReadBufferSize;
        options.MaxWriteBufferSize = tuning.MaxWriteBufferSize;
    }

    private static void Apply(TransportTuning tuning, SocketTransportOptions options)
    {
        options.MaxReadBufferSize = tuning.MaxReadBufferSize;
        options.MaxWriteBufferSize = tuning.MaxWriteBufferSize;
    }
}
