using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

/// <summary>Each call that a loop can't do without, refused by itself.</summary>
public sealed class EpollProbeTests
{
    [Fact]
    public void FindObstacle_RealKernel_FindsNoneAndClosesWhatItOpened()
    {
        ScriptedKernel kernel = new();

        Assert.Null(EpollProbe.FindObstacle(kernel));

        Assert.Equal(2, kernel.Closed.Count);
    }

    [Theory]
    [InlineData("epoll_create1", 0)]
    [InlineData("eventfd2", 1)]
    [InlineData("epoll_ctl", 2)]
    [InlineData("a write to an eventfd", 2)]
    [InlineData("epoll_wait", 2)]
    public void FindObstacle_CallRefused_NamesItAndClosesWhatItOpened(string call, int opened)
    {
        ScriptedKernel kernel = new();
        Script(kernel, call).FailAlways(Errno.EPERM);

        string? obstacle = EpollProbe.FindObstacle(kernel);

        Assert.Equal($"the system refuses {call}: Operation not permitted.", obstacle);
        Assert.Equal(opened, kernel.Closed.Count);
    }

    [Theory]
    [InlineData("epoll_ctl")]
    [InlineData("a write to an eventfd")]
    [InlineData("epoll_wait")]
    public void FindObstacle_CallInterrupted_IsTriedAgain(string call)
    {
        ScriptedKernel kernel = new();
        Script(kernel, call).Fail(Errno.EINTR, Errno.EINTR);

        Assert.Null(EpollProbe.FindObstacle(kernel));
    }

    [Fact]
    public void FindObstacle_WakeUpDoesNotShow_SaysSo()
    {
        ScriptedKernel kernel = new();
        kernel.OnEventFdSignal.Return(8); // as if it had been written

        Assert.Equal("a write to an eventfd did not show in epoll_wait.", EpollProbe.FindObstacle(kernel));
    }

    [Fact]
    public void FindObstacle_WaitAnswersForAnotherToken_SaysSo()
    {
        ScriptedKernel kernel = new();
        kernel.Inject(new EpollEvent(EpollEvents.In, 99));

        Assert.Equal("a write to an eventfd did not show in epoll_wait.", EpollProbe.FindObstacle(kernel));
    }

    private static CallScript Script(ScriptedKernel kernel, string call) => call switch
    {
        "epoll_create1" => kernel.OnEpollCreate,
        "eventfd2" => kernel.OnEventFdCreate,
        "epoll_ctl" => kernel.OnEpollAdd,
        "epoll_wait" => kernel.OnEpollWait,
        _ => kernel.OnEventFdSignal,
    };
}
