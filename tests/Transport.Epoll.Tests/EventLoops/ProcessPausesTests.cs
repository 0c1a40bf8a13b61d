using System.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Tests.EventLoops;

public class ProcessPausesTests
{
    private static readonly long Second = Stopwatch.Frequency;

    private readonly ProcessPauses _pauses = new();

    [Fact]
    public void Latest_WatchdogIsInTime_StaysTheSame()
    {
        _pauses.OnWatchdog(9 * Second, 10 * Second);
        long before = _pauses.Latest(10 * Second);
        _pauses.OnWatchdog((10 * Second) + (Second / 50), 11 * Second);

        Assert.Equal(before, _pauses.Latest(11 * Second));
    }

    /// <summary>Whoever goes on first after a pause, its callback has met one; and only one.</summary>
    [Fact]
    public void Latest_WatchdogIsLate_IsAnotherOnceBeforeItIsBackAndAfter()
    {
        long before = _pauses.Latest(9 * Second);
        _pauses.OnWatchdog(9 * Second, 10 * Second);
        long first = _pauses.Latest(11 * Second);
        _pauses.OnWatchdog(11 * Second, 12 * Second);

        Assert.NotEqual(before, first);
        Assert.Equal(first, _pauses.Latest(12 * Second));
        _pauses.OnWatchdog(14 * Second, 15 * Second);
        Assert.NotEqual(first, _pauses.Latest(14 * Second));
    }

    /// <summary>The process may stop at any moment: also while the watchdog is about its tick.</summary>
    [Fact]
    public void Latest_WatchdogStopsInATick_IsAnother()
    {
        _pauses.OnWatchdog(9 * Second, 10 * Second);
        _pauses.OnWatchdog(10 * Second, 10 * Second);
        long before = _pauses.Latest(10 * Second);
        _pauses.OnWatchdog(11 * Second, 12 * Second);

        Assert.NotEqual(before, _pauses.Latest(11 * Second));
    }

    [Fact]
    public void Latest_WatchdogSleeps_StaysTheSame()
    {
        _pauses.OnWatchdog(9 * Second, long.MaxValue);

        Assert.Equal(_pauses.Latest(9 * Second), _pauses.Latest(long.MaxValue));
    }
}
