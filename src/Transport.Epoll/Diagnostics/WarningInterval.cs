using System.Diagnostics;

namespace Transport.Epoll.Diagnostics;

/// <summary>Lets a warning through once per interval, ten seconds: what goes on and on shall not fill the log.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class WarningInterval
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    // Compare-exchanged: of several at the same time one passes.
    private long _last;

    public bool TryPass()
    {
        long now = Stopwatch.GetTimestamp();
        long last = Volatile.Read(ref _last);
        return (last == 0 || Stopwatch.GetElapsedTime(last, now) >= s_interval) && Interlocked.CompareExchange(ref _last, now, last) == last;
    }
}
