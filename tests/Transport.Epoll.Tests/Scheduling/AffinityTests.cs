using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>Whom a loop's processor concerns beside the loop: what the documentation of CpuAffinity says of child processes, and threads that are not its own.</summary>
public class AffinityTests
{
    [Fact]
    public async Task Child_OfACallbackOnABoundLoop_HasItsProcessorOnlyUnlessItComesFromThePool()
    {
        using AutoLoops loops = new(processor: 0);
        RecordingItemOwner owner = new();
        TaskCompletionSource<Task<string>> pool = new(TaskCreationOptions.RunContinuationsAsynchronously);

        string ofTheLoop = await owner.RunAsync(loops.Loop, () =>
        {
            pool.SetResult(Task.Run(ProcessorsOfAChild));
            return ProcessorsOfAChild();
        });

        Assert.Equal("0", ofTheLoop);
        Assert.Equal(ProcessorsOfAChild(), await (await pool.Task.WithTimeout()).WithTimeout());
    }

    /// <summary>For the kernel, thread 0 is the calling one: the watchdog.</summary>
    [Fact]
    public async Task Tick_FormerDriversIdIsUnknown_LeavesAffinityAlone()
    {
        List<int> unbound = [];
        UnboundKernel kernel = new(unbound);
        DriverThreads threads = new(1, 8, 0, Waiting.Limit);
        AutoScheduling auto = new(AutoLoops.Times, threads, kernel, new SchedulingCounters(null), NullLogger.Instance);
        EventLoopGroup group = new(1, (_, onEnded) => new EventLoop("epoll-loop-0", kernel, new SpinPolicy(0, 1), 0, _ => { }, onEnded, new CallbackPolicy("epoll-loop-0", 0, auto)), () => { }, threads, auto.Alarm.Stop);
        LoopWatchdog watchdog = new(auto, group.Loops);
        EventLoop loop = group.Loops[0];
        Assert.NotEqual(0, await TakeOverAsync());
        loop.Lease.ThreadId = 0;

        Assert.Equal(0, await TakeOverAsync());

        Assert.Single(unbound);
        group.Release();

        async Task<int> TakeOverAsync()
        {
            using BlockedCallback held = new();
            await held.StartAsync(loop);
            int former = loop.Lease.ThreadId;
            Assert.True(watchdog.TryTakeOver(loop, loop.Lease.Word));
            await held.EndAsync();
            await AutoLoops.RunAsync(loop, () => 0);
            return former;
        }
    }

    private static string ProcessorsOfAChild()
    {
        using Process child = Process.Start(new ProcessStartInfo("grep", "Cpus_allowed_list /proc/self/status") { RedirectStandardOutput = true })!;
        return child.StandardOutput.ReadToEnd().Split(':')[1].Trim();
    }

    private sealed class UnboundKernel(List<int> unbound) : Kernel
    {
        public override SysResult AllowAllProcessors(int threadId)
        {
            unbound.Add(threadId);
            return base.AllowAllProcessors(threadId);
        }
    }
}
