using System.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Tests.EventLoops;

public class ProcessPausesTests
{
    private static readonly long Second = Stopwatch.Frequency;

    private readonly ProcessPauses _pauses = new();

    [Fact]
    public void Count_WatchdogIsBackInTime_StaysTheSame()
    {
        _pauses.OnDue(10 * Second);
        Assert.Equal(0, _pauses.Count(10 * Second));
        _pauses.OnBack((10 * Second) + (Second / 50));

        Assert.Equal(0, _pauses.Count(11 * Second));
    }

    /// <summary>Whoever goes on first after the pause: its callback has met one.</summary>
    [Fact]
    public void Count_WatchdogIsLate_IsMoreBeforeItIsBackAndAfter()
    {
        _pauses.OnDue(10 * Second);
        Assert.Equal(1, _pauses.Count(11 * Second));
        _pauses.OnBack(11 * Second);
        Assert.Equal(1, _pauses.Count(11 * Second));

        _pauses.OnDue(12 * Second);
        Assert.Equal(1, _pauses.Count(12 * Second));
        _pauses.OnBack(14 * Second);
        Assert.Equal(2, _pauses.Count(20 * Second));
    }

    [Fact]
    public void Count_WatchdogSleeps_IsNoPause() => Assert.Equal(0, _pauses.Count(long.MaxValue));
}
