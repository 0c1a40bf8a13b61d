using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

public class LinuxThreadTests
{
    /// <summary>A name may look like the end of itself: proc(5) has it in brackets, unescaped.</summary>
    [Theory]
    [InlineData("1 (epoll-loop-0) R 1", true)]
    [InlineData("1 (epoll-loop-0) S 1", false)]
    [InlineData("1 (a) R) S 1", false)]
    [InlineData("1 (a) S) R 1", true)]
    [InlineData("4194304 (123456789012345) R 1 1", true)]
    [InlineData("1 (a", false)]
    [InlineData("1 (a)", false)]
    [InlineData("", false)]
    public void IsRunnable_StateOfTheThread_IsFoundBehindItsName(string stat, bool expected)
    {
        ScriptedKernel kernel = new() { Stat = stat };

        Assert.Equal(expected, LinuxThread.IsRunnable(kernel, 1));
    }

    [Fact]
    public void IsRunnable_RealThreads_ThisOneIsAndOneThatHasEndedIsNot()
    {
        Kernel kernel = new();

        Assert.True(LinuxThread.IsRunnable(kernel, LinuxThread.CurrentId()));
        Assert.False(LinuxThread.IsRunnable(kernel, int.MaxValue));
    }
}
