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
    public void RecordGap_OneVeryLongGap_EndsTheSpinning()
    {
        SpinPolicy policy = Earned(processors: 8);

        policy.RecordGap(long.MaxValue);

        Assert.False(policy.TryBegin());
    }

    [Fact]
    public async Task RecordGap_ShortGapsAfterALongOne_EarnsItAgain()
    {
        SpinPolicy policy = Earned(processors: 8);
        policy.RecordGap(long.MaxValue);

        Earn(policy);

        await BeginAsync(policy);
        SpinPolicy.End();
    }

    [Fact]
    public void RecordGap_GapsAtTheLimit_DoNotSpin()
    {
        SpinPolicy policy = new(1000, 8);
        for (int i = 0; i < 200; i++)
        {
            policy.RecordGap(policy.Limit + 8);
        }

        Assert.False(policy.TryBegin());
    }

    private static Task BeginAsync(SpinPolicy policy) => Waiting.UntilAsync(policy.TryBegin);

    private static SpinPolicy Earned(int processors, int microseconds = 30)
    {
        SpinPolicy policy = new(microseconds, processors);
        Earn(policy);
        return policy;
    }

    private static void Earn(SpinPolicy policy)
    {
        for (int i = 0; i < 50; i++)
        {
            policy.RecordGap(0);
        }
    }
}
