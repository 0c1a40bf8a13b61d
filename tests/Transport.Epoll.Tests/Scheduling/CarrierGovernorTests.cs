using System.Diagnostics;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>When carriers come and go, on real loops; how many a load needs is <see cref="CarrierPolicyTests"/>' business.</summary>
public class CarrierGovernorTests
{
    [Fact]
    public async Task Look_LoopsFullAndProcessorsIdle_AddsOneAndTakesItAwayAgain()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        long idle = 0;
        loops.Kernel.ProcStat = () => ProcStat(idle);
        CarrierGovernor governor = new(loops.Auto, [.. loops.Loops], new IdleProcessors(loops.Kernel, () => TimeSpan.Zero));
        using (new BusyLoop(loops.Loop))
        {
            await Waiting.UntilAsync(() =>
            {
                idle += 1_000_000;
                governor.Look(Stopwatch.GetTimestamp());
                return loops.Carriers.Active == 2;
            });
            using BlockedCallback blocked = new();
            await blocked.StartAsync(loops.Other);
            await AutoLoops.RunAsync(loops.Loop, () => 0); // by the second
            await blocked.EndAsync();
        }

        await Waiting.UntilAsync(() =>
        {
            governor.Look(Stopwatch.GetTimestamp());
            loops.Other.Post(_ => { }, null);
            return loops.Carriers.Active == 1;
        });
    }

    [Fact]
    public async Task Look_LoopsFullAndNoProcessorIdle_AddsNone()
    {
        using AutoLoops loops = new(loops: 2, shared: true);
        int looks = 0;
        loops.Kernel.ProcStat = () =>
        {
            looks++;
            return ProcStat(idle: 0, user: looks * 1_000_000L);
        };
        CarrierGovernor governor = new(loops.Auto, [.. loops.Loops], new IdleProcessors(loops.Kernel, () => TimeSpan.Zero));
        using BusyLoop busy = new(loops.Loop);

        await Waiting.UntilAsync(() =>
        {
            governor.Look(Stopwatch.GetTimestamp());
            return looks >= 5;
        });

        Assert.Equal((1, 1), (loops.Carriers.Wanted, loops.Carriers.Active));
    }

    /// <summary>With one carrier all connections would wait for the next slow callback, whatever the load and however busy the processors are.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Look_CallbackIsSlow_TwoCarriersServeForTenSeconds(bool onPool)
    {
        using AutoLoops loops = new(loops: 3, shared: true);
        loops.Kernel.ProcStat = () => ProcStat(idle: 0);
        CarrierGovernor governor = new(loops.Auto, [.. loops.Loops], new IdleProcessors(loops.Kernel, () => TimeSpan.Zero));
        RecordingItemOwner owner = new();
        long marked = Stopwatch.GetTimestamp();
        if (onPool)
        {
            loops.Auto.RecordOnPool(owner, quick: false, TimeSpan.FromMilliseconds(2));
        }
        else
        {
            loops.Auto.MoveToPool(owner, TimeSpan.FromMilliseconds(2));
        }

        await UntilServingAsync(2);
        loops.ClockAhead = TimeSpan.FromSeconds(9) - Stopwatch.GetElapsedTime(marked);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < CarrierPolicy.Window(2) * 2)
        {
            governor.Look(Stopwatch.GetTimestamp());
        }

        Assert.Equal(2, loops.Carriers.Wanted);
        loops.ClockAhead += TimeSpan.FromSeconds(2);
        await UntilServingAsync(1);

        Task UntilServingAsync(int carriers) => Waiting.UntilAsync(() =>
        {
            governor.Look(Stopwatch.GetTimestamp());
            loops.Other.Post(_ => { }, null);
            return loops.Carriers.Active == carriers;
        });
    }

    private static string ProcStat(long idle, long user = 0) => string.Join('\n',
        Enumerable.Range(0, Environment.ProcessorCount + 4).Select(i => $"cpu{i} {user} 0 0 {idle} 0 0 0 0 0 0").Prepend($"cpu  {user} 0 0 {idle} 0 0 0 0 0 0").Append("intr 1 2 3\n"));
}
