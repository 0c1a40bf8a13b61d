using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Transport.Epoll;

/// <summary>
/// What an application has set for Kestrel's own transport (<c>UseSockets</c>) and means for its endpoints, whoever serves them: taken over where it differs from that transport's default.
/// </summary>
/// <remarks>Any thread: no state.</remarks>
internal static class SocketsSettings
{
    public static void TryTakeOver(IServiceProvider services, EpollTransportOptions options)
    {
        try
        {
            TakeOver(services, options);
        }
        catch (FileNotFoundException)
        {
            // A plain generic host without the ASP.NET Core runtime has no such transport.
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TakeOver(IServiceProvider services, EpollTransportOptions options)
    {
        if (services.GetService<IOptions<SocketTransportOptions>>()?.Value is not SocketTransportOptions given)
        {
            return;
        }

        SocketTransportOptions usual = new();
        options.Backlog = Changed(Math.Clamp(given.Backlog, 1, EpollTransportOptions.MaxBacklog), usual.Backlog, options.Backlog); // the kernel clamps what that transport passes on (listen(2))
        options.NoDelay = Changed(given.NoDelay, usual.NoDelay, options.NoDelay);
        options.MaxReadBufferSize = Changed(given.MaxReadBufferSize, usual.MaxReadBufferSize, options.MaxReadBufferSize);
        options.MaxWriteBufferSize = Changed(given.MaxWriteBufferSize, usual.MaxWriteBufferSize, options.MaxWriteBufferSize);
        Func<EndPoint, Socket> usualSocket = SocketTransportOptions.CreateDefaultBoundListenSocket;
        options.CreateBoundListenSocket = usualSocket.Equals(given.CreateBoundListenSocket) ? null : given.CreateBoundListenSocket;

        List<string> ignored = [];
        Ignore(nameof(given.IOQueueCount), given.IOQueueCount != usual.IOQueueCount);
        Ignore(nameof(given.UnsafePreferInlineScheduling), given.UnsafePreferInlineScheduling != usual.UnsafePreferInlineScheduling);
        Ignore(nameof(given.WaitForDataBeforeAllocatingBuffer), given.WaitForDataBeforeAllocatingBuffer != usual.WaitForDataBeforeAllocatingBuffer);
        options.IgnoredSocketOptions = string.Join(", ", ignored);

        void Ignore(string name, bool isChanged)
        {
            if (isChanged)
            {
                ignored.Add(name);
            }
        }
    }

    private static T Changed<T>(T given, T usual, T ours) => EqualityComparer<T>.Default.Equals(given, usual) ? ours : given;
}
