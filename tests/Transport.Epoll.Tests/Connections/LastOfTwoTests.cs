using Transport.Epoll.Connections;
using Transport.Epoll.Tests.Support;
using Xunit;

namespace Transport.Epoll.Tests.Connections;

public class LastOfTwoTests
{
    [ThreadStatic]
    private static bool t_finishing;

    private LastOfTwo _last = new();

    [Fact]
    public async Task Wait_BeforeBoth_EndsWithTheSecond()
    {
        Task wait = _last.WaitAsync();
        _last.OnFinished();
        Assert.False(wait.IsCompleted);

        _last.OnFinished();

        await wait.WithTimeout();
    }

    [Fact]
    public async Task Wait_BetweenThem_EndsWithTheSecond()
    {
        _last.OnFinished();
        Task wait = _last.WaitAsync();
        Assert.False(wait.IsCompleted);

        _last.OnFinished();

        await wait.WithTimeout();
    }

    [Fact]
    public void Wait_AfterBoth_HasEnded()
    {
        _last.OnFinished();
        _last.OnFinished();

        Assert.True(_last.WaitAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Wait_ByTwo_EndsForBoth()
    {
        Task first = _last.WaitAsync();
        Task second = _last.WaitAsync();
        _last.OnFinished();
        Assert.False(second.IsCompleted);

        _last.OnFinished();

        await Task.WhenAll(first, second).WithTimeout();
    }

    [Fact]
    public async Task Wait_Continues_NotInsideTheOneThatFinished()
    {
        TaskCompletionSource inside = new();
        Task<bool> wait = Continue();
        _last.OnFinished();
        t_finishing = true;
        _last.OnFinished();
        t_finishing = false;
        inside.SetResult();

        Assert.False(await wait.WithTimeout());

        async Task<bool> Continue()
        {
            await _last.WaitAsync();
            bool here = t_finishing;
            await inside.Task;
            return here;
        }
    }

    [Fact]
    public async Task Wait_RacesWithBoth_AlwaysEnds()
    {
        const int Rounds = 20_000;
        using Barrier together = new(3);
        Task first = Task.Factory.StartNew(Finish, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task second = Task.Factory.StartNew(Finish, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (int i = 0; i < Rounds; i++)
        {
            _last = new LastOfTwo();
            together.SignalAndWait(Waiting.Limit);
            Task wait = _last.WaitAsync();
            together.SignalAndWait(Waiting.Limit);

            Assert.True(wait.IsCompletedSuccessfully);
        }

        await Task.WhenAll(first, second).WithTimeout();

        void Finish()
        {
            for (int i = 0; i < Rounds; i++)
            {
                together.SignalAndWait(Waiting.Limit);
                _last.OnFinished();
                together.SignalAndWait(Waiting.Limit);
            }
        }
    }
}
