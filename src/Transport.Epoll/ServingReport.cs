using System.Globalization;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll;

/// <summary>Says once, when the first endpoint is bound, that epoll serves, and with which settings and limits of the system.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class ServingReport(EpollTransportOptions options, ILogger logger)
{
    // 1 from the first call on; exchanged, since endpoints may be bound at the same time.
    private int _isWritten;

    public void Write(Kernel kernel)
    {
        if (Interlocked.Exchange(ref _isWritten, 1) == 0)
        {
            EpollTransportLog.Serving(logger, options.LoopCount, options.Scheduling.ToString(), options.ListenerSharding.ToString(),
                Backlog(kernel), DescriptorLimit(kernel));
        }
    }

    private static string DescriptorLimit(Kernel kernel)
    {
        SysResult limit = kernel.DescriptorLimit();
        return limit.IsOk ? limit.Value.ToString(CultureInfo.InvariantCulture) : "unknown";
    }

    /// <summary>What is asked for, and what the kernel makes of it if that is less (listen(2)).</summary>
    private string Backlog(Kernel kernel)
    {
        Span<byte> text = stackalloc byte[32];
        SysResult read = kernel.ReadFile("/proc/sys/net/core/somaxconn\0"u8, text);
        return read.IsOk && int.TryParse(text[..read.Value].TrimEnd((byte)'\n'), NumberStyles.None, CultureInfo.InvariantCulture, out int cap) && cap < options.Backlog
            ? $"{cap} (net.core.somaxconn caps the {options.Backlog} of the options)"
            : options.Backlog.ToString(CultureInfo.InvariantCulture);
    }
}
