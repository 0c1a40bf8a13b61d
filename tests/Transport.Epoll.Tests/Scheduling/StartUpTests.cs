using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>A group runs whole or not at all: each step of its start fails in turn, and what came before is undone.</summary>
public class StartUpTests
{
    private const int Loops = 3;

    private readonly ScriptedKernel _kernel = new();
    private readonly ConcurrentQueue<Thread> _threads = new();
    private int _ended;
    private int _startsToFail = int.MaxValue;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task CreateGroup_EpollOfALoopCantBeMade_ThrowsItsErrorAndLeavesNothing(int loop) => await AssertFailsAsync(_kernel.OnEpollCreate, loop, Errno.EMFILE);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task CreateGroup_EventDescriptorOfALoopCantBeMade_ThrowsItsErrorAndLeavesNothing(int loop)
        => await AssertFailsAsync(_kernel.OnEventFdCreate, loop, Errno.EMFILE);

    /// <summary>The loop's own thread meets it: the group must wait for it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task CreateGroup_ALoopCantWatchItsEventDescriptor_ThrowsItsErrorAndLeavesNothing(int loop)
        => await AssertFailsAsync(_kernel.OnEpollAdd, loop, Errno.ENOMEM);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task CreateGroup_ALoopCantBeBound_ThrowsItsErrorAndLeavesNothing(int loop) => await AssertFailsAsync(_kernel.OnSetAffinity, loop, Errno.EINVAL);

    /// <summary>Standbys can be done without; a loop's thread and the watchdog's can't.</summary>
    [Fact]
    public async Task CreateGroup_EachThreadInTurnCantBeStarted_RunsWholeOrLeavesNothing()
    {
        List<int> without = [];
        int threads = Loops + 1 + Loops; // one for each loop, the watchdog's, a standby for each loop
        for (_startsToFail = 1; _startsToFail <= threads; _startsToFail++)
        {
            try
            {
                Create().Release();
                without.Add(_startsToFail);
            }
            catch (InsufficientMemoryException)
            {
            }

            await AssertNothingIsLeftAsync();
        }

        Assert.Equal([1, 2, 3], without); // the standbys start first
        Assert.Equal(without.Count, Volatile.Read(ref _ended));
    }

    /// <summary>Fails the call of one loop; the calls of the others are the real kernel's.</summary>
    private async Task AssertFailsAsync(CallScript call, int number, int errno)
    {
        int calls = 0;
        call.Before = () =>
        {
            if (Interlocked.Increment(ref calls) == number)
            {
                call.Fail(errno);
            }
        };

        Exception thrown = Assert.ThrowsAny<Exception>(Create);

        SocketException error = thrown as SocketException ?? (SocketException)thrown.InnerException!;
        Assert.Equal(SysResult.Failed(errno).ToException().SocketErrorCode, error.SocketErrorCode);
        await AssertNothingIsLeftAsync();
        Assert.Equal(0, Volatile.Read(ref _ended));
    }

    private async Task AssertNothingIsLeftAsync()
    {
        Assert.All(_threads, thread => thread.JoinWithTimeout());
        int made = _kernel.Made;
        await Waiting.UntilAsync(() => _kernel.Closed.Count == made);
    }

    private EventLoopGroup Create()
    {
        int starts = 0;
        return EventLoopFactory.CreateGroup(_kernel, Loops, 0, [0], new AutoSchedulingOptions().ToTimes(), new SchedulingCounters(null), NullLogger.Instance,
            () => Interlocked.Increment(ref _ended), Start);

        void Start(Thread thread)
        {
            if (Interlocked.Increment(ref starts) == _startsToFail)
            {
                throw new InsufficientMemoryException();
            }

            thread.UnsafeStart();
            _threads.Enqueue(thread);
        }
    }
}
