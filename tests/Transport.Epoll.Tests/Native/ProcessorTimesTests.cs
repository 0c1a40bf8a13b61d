using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

public class ProcessorTimesTests
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(10);

    private readonly ScriptedKernel _kernel = new();

    [Fact]
    public void Read_Columns_SumsIdleAndIoWaitAndAll()
    {
        int mine = Allowed()[0];
        _kernel.ProcStat = () => $"cpu  9 9 9 9 9 9 9 9 9 9\ncpu{mine} 1 2 3 40 500 6 7 8 0 0\nintr 1\n";

        Assert.Equal(new ProcessorTimes(540 * s_tick, 567 * s_tick), ProcessorTimes.Read(_kernel));
    }

    [Fact]
    public void Read_ProcessorsThatMayNotBeUsed_AreLeftOut()
    {
        List<int> allowed = Allowed();
        int foreign = Enumerable.Range(0, Kernel.MaxProcessors).First(i => !allowed.Contains(i));
        _kernel.ProcStat = () => $"cpu  9 9 9 9\ncpu{foreign} 1 1 1 1\ncpu{Kernel.MaxProcessors} 1 1 1 1\ncpu{allowed[^1]} 0 0 0 5\n";

        Assert.Equal(new ProcessorTimes(5 * s_tick, 5 * s_tick), ProcessorTimes.Read(_kernel));
    }

    [Theory]
    [InlineData("")]
    [InlineData("cpu\ncpu0\ncpu1 x")]
    [InlineData("cpu0 0 0 0 0 0 0 0 0 0 0\n")]
    public void Read_KernelThatDoesNotTell_IsZero(string text)
    {
        _kernel.ProcStat = () => text;

        Assert.Equal(default, ProcessorTimes.Read(_kernel));
    }

    [Fact]
    public void Read_TheRealFile_GrowsWithTheTime()
    {
        ProcessorTimes times = ProcessorTimes.Read(new Kernel());

        Assert.InRange(times.Idle, TimeSpan.Zero, times.All);
        Assert.True(times.All > TimeSpan.Zero);
    }

    private static List<int> Allowed()
    {
        bool[] allowed = new bool[Kernel.MaxProcessors];
        new Kernel().GetAffinity(allowed);
        return [.. Enumerable.Range(0, allowed.Length).Where(i => allowed[i])];
    }
}
