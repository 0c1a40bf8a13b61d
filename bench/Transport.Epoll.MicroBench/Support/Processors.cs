using Transport.Epoll.Native;

namespace Transport.Epoll.MicroBench.Support;

/// <summary>
/// Keeps two threads that wait for each other on two processors, if there are two. Left to the kernel they share one in some runs, and a figure
/// is then that of its time slices.
/// </summary>
internal static class Processors
{
    /// <summary>CPU_SETSIZE of sched_setaffinity(2).</summary>
    private const int MaxProcessors = 1024;

    // Read once, before any thread is bound.
    private static readonly bool[] s_allowed = Allowed();

    /// <summary>For the benchmark's thread.</summary>
    public static int First { get; } = Array.IndexOf(s_allowed, true);

    /// <summary>For the other thread.</summary>
    public static int Last { get; } = Array.LastIndexOf(s_allowed, true);

    /// <summary>Binds the calling thread; threads that it starts later inherit that.</summary>
    public static void Bind(int processor) => Kernel.Linux.SetAffinity(processor).ThrowIfFailed();

    private static bool[] Allowed()
    {
        bool[] allowed = new bool[MaxProcessors];
        Kernel.Linux.GetAffinity(allowed).ThrowIfFailed();
        return allowed;
    }
}
