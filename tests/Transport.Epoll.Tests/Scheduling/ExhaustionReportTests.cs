using System.Diagnostics;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

public class ExhaustionReportTests
{
    private const int StandbysExhausted = 42;

    [Fact]
    public async Task Look_AllStandbysHeldUp_IsReportedOnceAfterASecondAndAgainTheNextTime()
    {
        using AutoLoops loops = new(maxStandbys: 1);
        ExhaustionReport report = new(loops.Auto);
        long now = 1;
        for (int time = 1; time <= 2; time++)
        {
            using BlockedCallback blocked = new();
            await blocked.StartAsync(loops.Loop);
            loops.TickThrice();
            await AutoLoops.RunAsync(loops.Loop, () => 0);

            report.Look(now += Stopwatch.Frequency);
            report.Look(now += Stopwatch.Frequency / 2);
            Assert.Equal(time - 1, loops.LogIds.Count(id => id == StandbysExhausted));
            report.Look(now += Stopwatch.Frequency * 2);
            report.Look(now += Stopwatch.Frequency * 2);
            Assert.Equal(time, loops.LogIds.Count(id => id == StandbysExhausted));

            await blocked.EndAsync();
            await Waiting.UntilAsync(() => loops.Threads.HasReserve);
            report.Look(now += Stopwatch.Frequency);
        }
    }

    /// <summary>That is said elsewhere, with the reason.</summary>
    [Fact]
    public void Look_NoneCanBeStarted_IsNotReported()
    {
        using AutoLoops loops = new(script: new ThreadScript { Failure = new InsufficientMemoryException() });
        ExhaustionReport report = new(loops.Auto);

        report.Look(1);
        report.Look(Stopwatch.Frequency * 5);
        report.Look(Stopwatch.Frequency * 9);

        Assert.False(loops.Threads.HasReserve);
        Assert.DoesNotContain(StandbysExhausted, loops.LogIds);
    }
}
