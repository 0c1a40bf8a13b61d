using System.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

/// <summary>
/// Callbacks that are slow while other threads compile, at times that the test makes up. Alone, for collections that other tests cause are no callback's own time.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class WarmUpTests : IDisposable
{
    private const double Slow = 0.4;

    private readonly AutoLoops _loops = new(times: AutoLoops.Times with { SlowCallback = TimeSpan.FromSeconds(Slow), QuickCallbacks = 1_000_000 });
    private readonly RecordingItemOwner _owner = new();
    private readonly CallbackPolicy _policy;
    private long _now;

    public WarmUpTests()
    {
        _policy = new CallbackPolicy("loop", _loops.Auto);
        _policy.OnDriver(LinuxThread.CurrentId());
        _now = Stopwatch.GetTimestamp();
        _owner.UseUpAllowance();
    }

    /// <summary>The first requests: what other threads hold while they compile looks like any other lock.</summary>
    [Fact]
    public void OnRan_SlowWhileOthersCompile_IsForgivenAHundredTimes()
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.False(Moves(2 * Slow, compiled: 0.001));
        }

        Assert.True(Moves(2 * Slow, compiled: 0.001));
    }

    /// <summary>The compiler counts a method when it is done.</summary>
    [Theory]
    [InlineData(0.9, false)]
    [InlineData(1.1, true)]
    public void OnRan_SlowAfterOthersCompiled_IsForgivenForASecond(double secondsAfter, bool moves)
    {
        _loops.CompilationTime += TimeSpan.FromMilliseconds(1);
        Pass(0.02); // it looks every 10 ms
        _policy.OnTurn(_now);
        Pass(secondsAfter - (2 * Slow));

        Assert.Equal(moves, Moves(2 * Slow, compiled: 0));
    }

    /// <summary>A loop that had nothing to do can't tell when it was.</summary>
    [Fact]
    public void OnRan_SlowAndOthersCompiledSinceALookLongAgo_Moves()
    {
        _loops.CompilationTime += TimeSpan.FromMilliseconds(1);
        Pass(1.1);
        _policy.OnTurn(_now);

        Assert.True(Moves(2 * Slow, compiled: 0));
    }

    /// <summary>Two first requests wait for each other's methods, and load what nobody counts.</summary>
    [Theory]
    [InlineData(3, false)]
    [InlineData(5, true)]
    public void OnRan_VerySlowWhileOthersCompile_IsForgivenIfTheyDoSoForAQuarter(int part, bool moves)
        => Assert.Equal(moves, Moves(11 * Slow, compiled: 11 * Slow / part));

    public void Dispose() => _loops.Dispose();

    private void Pass(double seconds) => _now += (long)(seconds * Stopwatch.Frequency);

    /// <summary>A callback takes so many seconds, in which others compile; whether it moves its connection to the pool.</summary>
    private bool Moves(double seconds, double compiled)
    {
        long start = _now;
        Pass(seconds);
        _loops.CompilationTime += TimeSpan.FromSeconds(compiled);
        _policy.OnRan(_owner, start, _now);
        return _owner.Callbacks.IsOnPool;
    }
}
