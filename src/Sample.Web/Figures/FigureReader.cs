using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Transport.Epoll;

namespace Sample.Web.Figures;

/// <summary>Reads the live figures of the process. Any thread.</summary>
internal sealed class FigureReader(SampleArguments arguments, ConnectionMonitor connections, SchedulingMeter scheduling, IOptions<EpollTransportOptions> epollOptions)
{
    private static readonly string s_version =
        typeof(FigureReader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The transport that really serves: not the one asked for where epoll cannot be had.</summary>
    public TransportChoice Transport => connections.ServedByEpoll ? TransportChoice.Epoll
        : arguments.Transport == TransportChoice.SocketsInline ? TransportChoice.SocketsInline
        : TransportChoice.Sockets;

    /// <summary>Reads them on the pool: that takes files and milliseconds, and may collect, which must not be what holds up a polling thread.</summary>
    /// <param name="collect">Whether to collect all garbage first, so that the heap holds only what is in use.</param>
    public Task<ProcessFigures> ReadAsync(bool collect = false) => Task.Run(() => Read(collect));

    private ProcessFigures Read(bool collect)
    {
        if (collect)
        {
            Collect();
        }

        var transport = Transport;
        var options = transport == TransportChoice.Epoll ? epollOptions.Value : null;
        using var process = Process.GetCurrentProcess();
        return new ProcessFigures(
            transport.Name(),
            options?.LoopCount,
            options?.Scheduling.ToString(),
            options?.Scheduling == EpollScheduling.Auto ? scheduling.Read() : null,
            connections.Open,
            s_version,
            RuntimeInformation.FrameworkDescription,
            Environment.ProcessId,
            Environment.ProcessorCount,
            (DateTime.Now - process.StartTime).TotalSeconds,
            process.TotalProcessorTime.TotalSeconds,
            GC.GetTotalAllocatedBytes(precise: collect),
            GC.GetTotalMemory(forceFullCollection: false),
            [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)],
            process.WorkingSet64,
            process.Threads.Count,
            CountDescriptors());
    }

    /// <summary>Twice, with the finalizers in between: what they let go of is gone after the second.</summary>
    private static void Collect()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
    }

    private static int? CountDescriptors()
    {
        try
        {
            // One of them is the directory that is being read.
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - 1;
        }
        catch (IOException)
        {
            // No /proc on this system, or no descriptor left to read it with: the figure is left out.
            return null;
        }
    }
}
