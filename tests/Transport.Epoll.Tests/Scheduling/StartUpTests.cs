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

    /// <summary>With one, each loop has a thread of its own; without, all share theirs, and the instance that watches them.</summary>
    private int[]? _affinity;

    public static TheoryData<bool, int> Instances => Calls(own: Loops, shared: 1 + Loops);

    /// <summary>Each loop watches its event descriptor, what they share its own and each loop.</summary>
    public static TheoryData<bool, int> Registrations => Calls(own: Loops, shared: 1 + (2 * Loops));

    [Theory]
    [MemberData(nameof(Instances))]
    public async Task CreateGroup_AnEpollInstanceCantBeMade_ThrowsItsErrorAndLeavesNothing(bool shared, int number)
        => await AssertFailsAsync(_kernel.OnEpollCreate, shared, number, Errno.EMFILE);

    [Theory]
    [MemberData(nameof(Instances))]
    public async Task CreateGroup_AnEventDescriptorCantBeMade_ThrowsItsErrorAndLeavesNothing(bool shared, int number)
        => await AssertFailsAsync(_kernel.OnEventFdCreate, shared, number, Errno.EMFILE);

    /// <summary>A loop's own thread meets it, if it has one: the group must wait for it.</summary>
    [Theory]
    [MemberData(nameof(Registrations))]
    public async Task CreateGroup_ADescriptorCantBeWatched_ThrowsItsErrorAndLeavesNothing(bool shared, int number)
        => await AssertFailsAsync(_kernel.OnEpollAdd, shared, number, Errno.ENOMEM);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task CreateGroup_ALoopCantBeBound_ThrowsItsErrorAndLeavesNothing(int loop)
        => await AssertFailsAsync(_kernel.OnSetAffinity, shared: false, loop, Errno.EINVAL);

    /// <summary>Standbys can be done without; the threads that drive loops and the watchdog's can't.</summary>
    [Theory]
    [InlineData(false, Loops)]
    [InlineData(true, 1)]
    public async Task CreateGroup_EachThreadInTurnCantBeStarted_RunsWholeOrLeavesNothing(bool shared, int drivers)
    {
        _affinity = shared ? null : [0];
        List<int> without = [];
        for (_startsToFail = 1; _startsToFail <= Loops + drivers + 1; _startsToFail++) // a standby for each loop first, the watchdog last
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

        Assert.Equal(Enumerable.Range(1, Loops), without);
        Assert.Equal(without.Count, Volatile.Read(ref _ended));
    }

    private static TheoryData<bool, int> Calls(int own, int shared)
    {
        TheoryData<bool, int> calls = [];
        for (int i = 1; i <= own; i++)
        {
            calls.Add(false, i);
        }

        for (int i = 1; i <= shared; i++)
        {
            calls.Add(true, i);
        }

        return calls;
    }

    /// <summary>Fails one call; the others are the real kernel's.</summary>
    private async Task AssertFailsAsync(CallScript call, bool shared, int number, int errno)
    {
        _affinity = shared ? null : [0];
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
        return EventLoopFactory.CreateGroup(_kernel, Loops, 0, _affinity, new AutoSchedulingOptions().ToTimes(), new SchedulingCounters(null), NullLogger.Instance,
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
