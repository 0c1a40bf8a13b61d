namespace Sample.Web.Figures;

/// <summary>What <c>/info</c> and <c>/events</c> tell about the process.</summary>
/// <param name="Transport">The transport that serves the connections.</param>
/// <param name="Loops">The number of event loops; null unless the transport is epoll.</param>
/// <param name="Scheduling">Where the app runs; null unless the transport is epoll.</param>
/// <param name="Auto">What the Auto scheduling did so far; null unless it is on.</param>
/// <param name="Connections">Open connections.</param>
/// <param name="Version">The sample's version.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="ProcessId">The process.</param>
/// <param name="ProcessorCount">The processors that the process may use.</param>
/// <param name="UptimeSeconds">Time since the process started.</param>
/// <param name="CpuSeconds">User and system time of the process.</param>
/// <param name="AllocatedBytes">Everything that was ever allocated on the managed heap.</param>
/// <param name="HeapBytes">The managed heap as it is now.</param>
/// <param name="Collections">Garbage collections of generation 0, 1 and 2.</param>
/// <param name="WorkingSet">Physical memory, in bytes.</param>
/// <param name="ThreadCount">Threads of the process.</param>
/// <param name="OpenDescriptors">Open file descriptors; null where they cannot be counted.</param>
internal sealed record ProcessFigures(
    string Transport,
    int? Loops,
    string? Scheduling,
    SchedulingFigures? Auto,
    int Connections,
    string Version,
    string Runtime,
    int ProcessId,
    int ProcessorCount,
    double UptimeSeconds,
    double CpuSeconds,
    long AllocatedBytes,
    long HeapBytes,
    int[] Collections,
    long WorkingSet,
    int ThreadCount,
    int? OpenDescriptors);

/// <summary>The counters of the transport's meter.</summary>
/// <param name="TakeOvers">Loops that another thread took over from a callback that held them up.</param>
/// <param name="MovesToPool">Connections whose callbacks went to the thread pool.</param>
/// <param name="MovesToLoop">Connections whose callbacks came back to their loop.</param>
/// <param name="StandbyLoans">Threads lent to callbacks that the thread pool had left waiting.</param>
internal sealed record SchedulingFigures(long TakeOvers, long MovesToPool, long MovesToLoop, long StandbyLoans);
