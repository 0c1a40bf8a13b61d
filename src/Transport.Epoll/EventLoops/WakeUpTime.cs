using System.Diagnostics;

namespace Transport.Epoll.EventLoops;

/// <summary>How long it takes on this machine until a loop that sleeps runs what was posted to it.</summary>
/// <remarks>Whoever starts the loops measures, on a thread that is none of them; they read.</remarks>
internal sealed class WakeUpTime
{
    private const int MaxSamples = 15;

    /// <summary>On a machine that is so busy, the few samples that there are will do.</summary>
    private static readonly long s_maxTicks = Stopwatch.Frequency / 20;

    private long _ticks;

    /// <summary>In ticks of <see cref="Stopwatch"/>; 0 while it is not known.</summary>
    public long Ticks
    {
        get => Volatile.Read(ref _ticks);
        init => _ticks = value;
    }

    /// <summary>Wakes the loop some times and takes the median: fifteen times, fewer if that takes longer than 50 ms.</summary>
    /// <param name="lease">The loop's.</param>
    /// <param name="post">Leaves something for the loop to run.</param>
    public void Measure(LoopLease lease, Action<Action<object?>> post)
    {
        List<long> samples = [];
        using ManualResetEventSlim ran = new(initialState: false, spinCount: 0);
        long begin = Stopwatch.GetTimestamp();
        do
        {
            UntilAsleep(lease, begin);
            ran.Reset();
            long end = 0;
            long start = Stopwatch.GetTimestamp();
            post(_ =>
            {
                end = Stopwatch.GetTimestamp();
                ran.Set();
            });
            ran.Wait(); // asleep as well, so that the loop finds an idle processor next time, too
            samples.Add(end - start);
        }
        while (samples.Count < MaxSamples && Stopwatch.GetTimestamp() - begin < s_maxTicks);

        samples.Sort();
        Volatile.Write(ref _ticks, samples[samples.Count / 2]);
    }

    private static void UntilAsleep(LoopLease lease, long begin)
    {
        SpinWait spin = default;
        while (!LoopLease.IsWaiting(lease.Word) && Stopwatch.GetTimestamp() - begin < s_maxTicks)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }
}
