using Transport.Epoll.Https;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Https;

public sealed class RecordSchedulerTests
{
    [ThreadStatic]
    private static bool s_isScheduling;

    private readonly RecordScheduler _records = new();

    [Fact]
    public async Task Schedule_FewFlushesForWhatIsReceived_RunInPlace()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.True(await RunsInPlaceAsync());
            _records.OnReceived();
        }
    }

    /// <summary>Thirteen flushes in eight receives.</summary>
    [Fact]
    public async Task Schedule_ManyFlushesForWhatIsReceived_GatherFor512ReceivesAndAreProbedAgain()
    {
        for (var i = 0; i < 13; i++)
        {
            Assert.True(await RunsInPlaceAsync());
        }

        Receive(8);
        for (var i = 0; i < 512; i++)
        {
            Assert.False(await RunsInPlaceAsync());
            Receive(1);
        }

        Assert.True(await RunsInPlaceAsync());
        Receive(8);
        Assert.True(await RunsInPlaceAsync());
    }

    private void Receive(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _records.OnReceived();
        }
    }

    private async Task<bool> RunsInPlaceAsync()
    {
        TaskCompletionSource<bool> ran = new(TaskCreationOptions.RunContinuationsAsynchronously);
        s_isScheduling = true;
        _records.Schedule(_ => ran.SetResult(s_isScheduling), null);
        s_isScheduling = false;
        return await ran.Task.WithTimeout();
    }
}
