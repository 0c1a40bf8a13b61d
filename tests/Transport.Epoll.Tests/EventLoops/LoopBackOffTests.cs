using System.Diagnostics;
using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Tests.EventLoops;

public class LoopBackOffTests
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;
    private static readonly long Start = 1_000_000 * Millisecond;

    private readonly LoopBackOff _backOff = new(TimeSpan.FromSeconds(1));

    [Fact]
    public void OnSlow_FewSlowCallbacks_StaysInline()
    {
        // As at the start with 48 connections that block once each: a second of slow callbacks in three.
        Assert.Null(FirstBackOff(Start, slow: 20, every: 20, count: 48));
        Assert.False(_backOff.OnSlow(Start + (3000 * Millisecond), Start + (3020 * Millisecond)));
        Assert.False(_backOff.IsActive);
    }

    [Fact]
    public void OnSlow_HalfOfTheTimeForTwoSeconds_BacksOff()
    {
        Assert.InRange(FirstBackOff(Start, slow: 20, every: 30, count: 200)!.Value, 2000, 2100);

        Assert.True(_backOff.IsActive);
        Assert.Equal(TimeSpan.FromSeconds(1), _backOff.Duration);
    }

    [Fact]
    public void OnSlow_AThirdOfTheTime_StaysInline()
        => Assert.Null(FirstBackOff(Start, slow: 20, every: 60, count: 400));

    [Fact]
    public void TryEnd_TimeIsUp_TrueOnce()
    {
        FirstBackOff(Start, slow: 20, every: 20, count: 200);

        Assert.False(_backOff.TryEnd(Start + (2500 * Millisecond)));
        Assert.True(_backOff.TryEnd(Start + (4000 * Millisecond)));

        Assert.False(_backOff.TryEnd(Start + (4000 * Millisecond)));
        Assert.False(_backOff.IsActive);
    }

    [Fact]
    public void OnSlow_SoonAgain_DoublesAndLaterHalves()
    {
        LoopBackOff backOff = new(TimeSpan.FromSeconds(10));
        long now = Start;
        List<double> seconds = [];
        foreach (int pause in new[] { 0, 0, 0, 0, 0, 0, 0, 600_000, 600_000 })
        {
            long begin = now + (pause * Millisecond);
            for (now = begin; !backOff.OnSlow(now, now + (20 * Millisecond)); now += 20 * Millisecond)
            {
            }

            seconds.Add(backOff.Duration.TotalSeconds);
            now += (long)(backOff.Duration.TotalSeconds * Stopwatch.Frequency) + (20 * Millisecond);
            Assert.True(backOff.TryEnd(now));
        }

        Assert.Equal([10, 20, 40, 80, 160, 320, 320, 160, 80], seconds);
    }

    /// <summary>Milliseconds from the start to the first callback at which the loop backs off.</summary>
    private long? FirstBackOff(long start, int slow, int every, int count)
    {
        for (int i = 0; i < count; i++)
        {
            long begin = start + (i * every * Millisecond);
            if (_backOff.OnSlow(begin, begin + (slow * Millisecond)))
            {
                return (begin - start) / Millisecond + slow;
            }
        }

        return null;
    }
}
