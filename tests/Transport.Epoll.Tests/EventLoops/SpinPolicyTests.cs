using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>The count of spinning loops belongs to the process, and so does the pool, which must be idle for a spin to begin.</summary>
[Collection(RunsAlone.Name)]
public class SpinPolicyTests
{
    [Fact]
    public void TryBegin_New_HasToEarnItsFirstSpin() => Assert.False(new SpinPolicy(30, 8).TryBegin());

    [Fact]
    public async Task TryBegin_ShortGaps_Spins()
    {
        await BeginAsync(Earned(processors: 8));
        SpinPolicy.End();
    }

    [Fact]
    public void TryBegin_OneProcessor_Never() => Assert.False(Earned(processors: 1).TryBegin());

    [Fact]
    public void TryBegin_NoMicroseconds_Never() => Assert.False(Earned(processors: 8, microseconds: 0).TryBegin());

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(8, 4)]
    public async Task TryBegin_ManyLoops_AtMostHalfOfTheProcessorsSpin(int processors, int expected)
    {
        SpinPolicy[] policies = [.. Enumerable.Range(0, processors).Select(_ => Earned(processors))];
        foreach (SpinPolicy policy in policies[..expected])
        {
            await BeginAsync(policy);
        }

        int more = policies[expected..].Count(policy => policy.TryBegin());
        SpinPolicy.End();
        await BeginAsync(policies[^1]);

        for (int i = 0; i < expected + more; i++)
        {
            SpinPolicy.End();
        }

        Assert.Equal(0, more);
    }

    [Fact]
    public void TryRecordGap_LongGaps_EndTheSpinning()
    {
        SpinPolicy policy = Earned(processors: 8);

        for (int i = 0; i < 3; i++)
        {
            policy.TryRecordGap(long.MaxValue, slept: true);
        }

        Assert.False(policy.TryBegin());
    }

    [Fact]
    public async Task TryRecordGap_ShortGapsAfterALongOne_EarnsItAgain()
    {
        SpinPolicy policy = Earned(processors: 8);
        policy.TryRecordGap(long.MaxValue, slept: true);

        Earn(policy);

        await BeginAsync(policy);
        SpinPolicy.End();
    }

    [Fact]
    public async Task TryRecordGap_GapsAtTheLimit_DoNotSpin()
    {
        SpinPolicy policy = new(1000, 8);
        Earn(policy, policy.Limit);
        Assert.False(policy.TryBegin());

        Earn(policy, policy.Limit - 1);
        await BeginAsync(policy);
        SpinPolicy.End();
    }

    [Fact]
    public async Task TryRecordGap_GapsWithAWakeUpInThem_CountWithoutIt()
    {
        SpinPolicy policy = new(1000, 8, new WakeUpTime { Ticks = Ticks(40) });

        Earn(policy, Ticks(119), slept: false); // two wake-ups, and the third is not one
        Assert.False(policy.TryBegin());

        Earn(policy, Ticks(119), slept: true);
        await BeginAsync(policy);
        SpinPolicy.End();
    }

    [Fact]
    public void TryRecordGap_SevenOfEightBridged_DoesNotSpin()
    {
        SpinPolicy policy = Earned(processors: 8);
        for (int i = 0; i < 200; i++)
        {
            policy.TryRecordGap(i % 8 == 0 ? Ticks(100) : 0, slept: true);
        }

        Assert.False(policy.TryBegin());
    }

    /// <summary>A thread that is given one ready loop after the other has not waited in between.</summary>
    [Fact]
    public void TryRecordGap_WorkThatWasThere_IsNoGap()
    {
        SpinPolicy policy = new(100, 8, new WakeUpTime { Ticks = Ticks(40) });
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(i % 16 == 0, policy.TryRecordGap(Ticks(i % 16 == 0 ? 10_000 : 2), slept: true));
        }

        Assert.False(policy.TryBegin());
    }

    [Fact]
    public async Task TryRecordGap_OneTooLongAmongMany_GoesOnSpinning()
    {
        SpinPolicy policy = Earned(processors: 8);

        policy.TryRecordGap(Ticks(1000), slept: true);

        await BeginAsync(policy);
        SpinPolicy.End();
    }

    /// <summary>10,000 requests a second at random moments, where a poll of 100 µs would find work twice in three times.</summary>
    [Theory]
    [InlineData(1000)]
    [InlineData(100)]
    public void TryRecordGap_ArrivalsAtRandom_HardlySpins(int meanMicroseconds)
    {
        SpinPolicy policy = new(100, 8, new WakeUpTime { Ticks = Ticks(40) });
        Random random = new(1);
        int spins = 0;
        for (int i = 0; i < 10_000; i++)
        {
            bool spun = policy.TryBegin();
            if (spun)
            {
                SpinPolicy.End();
                spins++;
            }

            policy.TryRecordGap(Ticks((int)(-Math.Log(1 - random.NextDouble()) * meanMicroseconds)) + (spun ? 0 : Ticks(40)), slept: !spun);
        }

        Assert.InRange(spins, 0, 100);
    }

    [Theory]
    [InlineData(10, 20)]
    [InlineData(40, 80)]
    [InlineData(60, 100)]
    [InlineData(5000, 100)]
    public void Limit_AWakeUpThatIsKnown_IsTwoOfThemButNoMoreThanTheOption(int wakeUp, int limit)
    {
        SpinPolicy policy = new(100, 8, new WakeUpTime { Ticks = Ticks(wakeUp) });

        Assert.Equal(Ticks(limit), policy.Limit);
    }

    [Fact]
    public void Measure_ALoopThatSleeps_FindsItsWakeUp()
    {
        using TestLoop test = new();
        long before = test.Loop.Counters.Shared.WakeUps;

        WakeUpTime wakeUp = new();
        Assert.Equal(0, wakeUp.Ticks);

        wakeUp.Measure(test.Loop.Lease, item => test.Loop.Post(item, null));

        Assert.InRange(Stopwatch.GetElapsedTime(0, wakeUp.Ticks).TotalMilliseconds, 0.001, 1000);
        Assert.True(test.Loop.Counters.Shared.WakeUps > before);
    }

    private static Task BeginAsync(SpinPolicy policy) => Waiting.UntilAsync(policy.TryBegin);

    private static SpinPolicy Earned(int processors, int microseconds = 30)
    {
        SpinPolicy policy = new(microseconds, processors);
        Earn(policy);
        return policy;
    }

    private static void Earn(SpinPolicy policy, long gap = 0, bool slept = true)
    {
        for (int i = 0; i < 200; i++)
        {
            policy.TryRecordGap(gap, slept);
        }
    }

    private static long Ticks(int microseconds) => microseconds * Stopwatch.Frequency / 1_000_000;
}
