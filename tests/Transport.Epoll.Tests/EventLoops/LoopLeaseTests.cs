using Transport.Epoll.EventLoops;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public class LoopLeaseTests
{
    private readonly LoopLease _lease = new();
    private readonly RecordingItemOwner _owner = new();

    [Fact]
    public void Leave_NobodyTookOver_IsRunningAgain()
    {
        long entered = _lease.Enter(_owner, 7);

        Assert.True(LoopLease.IsInCallback(_lease.Word));
        Assert.Same(_owner, _lease.Owner);
        Assert.Equal(7, _lease.CallbackStart);
        Assert.True(_lease.TryLeave(entered));
        Assert.False(LoopLease.IsInCallback(_lease.Word));
        Assert.False(LoopLease.IsWaiting(_lease.Word));
    }

    [Fact]
    public void TryTakeOver_InTheCallbackThatWasSeen_OustsTheHolder()
    {
        long entered = _lease.Enter(_owner, 0);

        Assert.True(_lease.TryTakeOver(entered));

        Assert.False(_lease.TryLeave(entered));
        Assert.False(LoopLease.IsInCallback(_lease.Word));
    }

    [Fact]
    public void TryTakeOver_ALaterCallback_MeetsNothing()
    {
        long seen = _lease.Enter(_owner, 0);
        Assert.True(_lease.TryLeave(seen));
        long later = _lease.Enter(_owner, 0);

        Assert.False(_lease.TryTakeOver(seen));

        Assert.True(_lease.TryLeave(later));
    }

    [Fact]
    public void TryTakeOver_RunningOrWaiting_IsRefused()
    {
        Assert.False(_lease.TryTakeOver(_lease.Word));
        _lease.Wait();
        Assert.True(LoopLease.IsWaiting(_lease.Word));
        Assert.False(_lease.TryTakeOver(_lease.Word));
        _lease.Resume();
        Assert.False(LoopLease.IsWaiting(_lease.Word));
        Assert.False(_lease.TryTakeOver(_lease.Word));
    }

    [Fact]
    public void Wait_AfterACallback_KeepsItsOwnerNotAlive()
    {
        Assert.True(_lease.TryLeave(_lease.Enter(_owner, 0)));

        _lease.Wait();

        Assert.Null(_lease.Owner);
    }

    [Fact]
    public async Task TryTakeOver_RacesWithLeave_ExactlyOneWins()
    {
        const int Rounds = 20_000;
        using Barrier together = new(2);
        int takenOver = 0;
        long word = 0;
        Task watcher = Task.Factory.StartNew(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                together.SignalAndWait(Waiting.Limit);
                takenOver += _lease.TryTakeOver(Volatile.Read(ref word)) ? 1 : 0;
                together.SignalAndWait(Waiting.Limit);
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (int i = 0; i < Rounds; i++)
        {
            int before = takenOver;
            long entered = _lease.Enter(_owner, 0);
            Volatile.Write(ref word, entered);
            together.SignalAndWait(Waiting.Limit);
            bool left = _lease.TryLeave(entered);
            together.SignalAndWait(Waiting.Limit);

            Assert.NotEqual(left, takenOver > before);
        }

        await watcher.WithTimeout();
    }
}
