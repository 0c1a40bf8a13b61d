using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

public class ThreadStarterTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly ThreadScript _script = new();

    [Fact]
    public void TryStart_FailsOn_IsTriedAgainAfterEachPause()
    {
        ThreadStarter starter = _script.CreateStarter();
        _script.Failure = new InsufficientMemoryException();
        Assert.False(TryStart(starter));
        for (int tries = 1; tries <= 5; tries++)
        {
            _script.PassTime(ThreadStarter.Pause - Moment);
            Assert.False(TryStart(starter));
            Assert.Equal(tries, _script.Tries);

            _script.PassTime(Moment);
            Assert.False(TryStart(starter));
            Assert.Equal(tries + 1, _script.Tries);
        }
    }

    [Fact]
    public void TryStart_FailsOn_IsReportedOnceUntilAStartWorks()
    {
        ThreadStarter starter = _script.CreateStarter();
        _script.Failure = new InsufficientMemoryException();
        for (int i = 0; i < 3; i++)
        {
            TryStart(starter);
            _script.PassTime(ThreadStarter.Pause);
        }

        Assert.Same(_script.Failure, Assert.Single(_script.Reports));
        _script.Failure = null;
        Assert.True(TryStart(starter));
        _script.Failure = new InsufficientMemoryException();
        Assert.False(TryStart(starter));
        Assert.Equal(2, _script.Reports.Count());
        _script.PassTime(ThreadStarter.Pause);
        _script.Failure = null;
        Assert.True(TryStart(starter));
    }

    [Fact]
    public void Start_Fails_IsTheCallers()
    {
        _script.Failure = new InsufficientMemoryException();

        Assert.Throws<InsufficientMemoryException>(() => _script.CreateStarter().Start("epoll-standby", () => { }));
    }

    [Fact]
    public async Task TryStart_CallerHasAContext_DoesNotFlow()
    {
        AsyncLocal<int> local = new() { Value = 1 };
        TaskCompletionSource<(int, bool, string?)> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        Assert.True(new ThreadStarter().TryStart("a-name", () => seen.SetResult((local.Value, Thread.CurrentThread.IsBackground, Thread.CurrentThread.Name))));

        Assert.Equal((0, true, "a-name"), await seen.Task.WithTimeout());
    }

    private static bool TryStart(ThreadStarter starter) => starter.TryStart("epoll-standby", () => { });
}
