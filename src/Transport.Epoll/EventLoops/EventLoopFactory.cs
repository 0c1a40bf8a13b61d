using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>Makes the loops of a group as the options say.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class EventLoopFactory
{
    /// <summary>CPU_SETSIZE of sched_setaffinity(2).</summary>
    private const int MaxProcessors = 1024;

    public static EventLoopGroup CreateGroup(Kernel kernel, int count, int spinMicroseconds, IList<int>? affinity, Action<Exception> onFault, Action onEnded)
    {
        Span<bool> allowed = stackalloc bool[MaxProcessors];
        kernel.GetAffinity(allowed);
        int[] processors = affinity is null ? [] : [.. affinity];
        foreach (int processor in processors)
        {
            if (!allowed[processor])
            {
                throw new InvalidOperationException($"CpuAffinity names processor {processor}, which the process may not use; allowed are {string.Join(", ", Indices(allowed))}.");
            }
        }

        // Fewer processors than the kernel would let us use: a CPU quota, under which a spin takes time from the application.
        int usable = Indices(allowed).Count;
        int spinning = Environment.ProcessorCount < usable ? 0 : spinMicroseconds;
        return new EventLoopGroup(count, (i, onFailed) => new EventLoop($"epoll-loop-{i}", kernel, new SpinPolicy(spinning, usable),
            processors.Length == 0 ? null : processors[i % processors.Length], onFault, onFailed), onEnded);
    }

    private static List<int> Indices(ReadOnlySpan<bool> allowed)
    {
        List<int> indices = [];
        for (int i = 0; i < allowed.Length; i++)
        {
            if (allowed[i])
            {
                indices.Add(i);
            }
        }

        return indices;
    }
}
